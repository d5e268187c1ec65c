import Foundation

/// A file open for writing from its beginning.
///
/// Every failure is thrown; a short write is continued. Not for several threads at once.
public final class FileWriter {
  /// The path of the file.
  public let path: String
  private var descriptor: Int32

  /// Creates or empties a file.
  ///
  /// - Throws: `FileError`.
  public init(path: String) throws {
    self.path = path
    descriptor = try openFile(path, O_WRONLY | O_CREAT | O_TRUNC)
  }

  /// Appends raw bytes.
  ///
  /// - Throws: `FileError`, for example when the disk is full.
  public func write(_ bytes: UnsafeRawBufferPointer) throws {
    precondition(descriptor >= 0, "write to '\(path)' after close")
    try writeAll(bytes, to: descriptor, path: path)
  }

  /// Appends bytes.
  ///
  /// - Throws: `FileError`, for example when the disk is full.
  public func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try write($0) }
  }

  /// Brings the written bytes to the disk and closes the file.
  ///
  /// - Throws: `FileError`; the file is closed all the same.
  public func synchronizeAndClose() throws {
    precondition(descriptor >= 0, "'\(path)' is closed twice")
    let closing = descriptor
    descriptor = -1
    do {
      try systemCall("fsync", on: path) { fsync(closing) }
    } catch {
      Foundation.close(closing)
      throw error
    }
    try finish(closing)
  }

  /// Closes the file; some file systems say only now that there was no room.
  ///
  /// - Throws: `FileError`; the file is closed all the same.
  public func close() throws {
    precondition(descriptor >= 0, "'\(path)' is closed twice")
    let closing = descriptor
    descriptor = -1
    try finish(closing)
  }

  private func finish(_ closing: Int32) throws {
    // Not through systemCall: after EINTR Linux has closed the descriptor, and a second close could
    // hit another thread's file.
    guard Foundation.close(closing) == 0 || errno == EINTR else {
      throw FileError(operation: "close", path: path, code: errno)
    }
  }

  deinit {
    if descriptor >= 0 { Foundation.close(descriptor) }
  }
}
