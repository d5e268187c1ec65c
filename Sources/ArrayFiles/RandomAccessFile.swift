import Foundation

/// A file of which parts are read by their place; may be used from several threads.
public final class RandomAccessFile: Sendable {
  /// The path of the file.
  public let path: String
  /// Number of bytes when it was opened.
  public let byteCount: Int
  private let descriptor: Int32

  /// Opens a file.
  ///
  /// - Throws: `FileError`, also for what is no regular file.
  public init(path: String) throws {
    self.path = path
    descriptor = try openFile(path, O_RDONLY)
    do {
      var status = stat()
      let descriptor = descriptor
      try systemCall("fstat", on: path) { fstat(descriptor, &status) }
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw FileError(operation: "open", path: path, code: EINVAL)
      }
      byteCount = Int(status.st_size)
    } catch {
      close(descriptor)
      throw error
    }
  }

  /// Reads bytes.
  ///
  /// - Parameter range: Places in the file.
  /// - Returns: All of them.
  /// - Throws: `ArrayFileError` when the file ends before; `FileError`.
  /// - Precondition: No place is negative.
  public func bytes(in range: Range<Int>) throws -> [UInt8] {
    precondition(range.lowerBound >= 0, "RandomAccessFile: bytes \(range)")
    guard range.upperBound <= byteCount else { throw tooShort(range) }
    return try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      while count < range.count {
        let (done, start) = (count, buffer.baseAddress)
        let got = try systemCall("read", on: path) {
          pread(
            descriptor, start.map { $0 + done }, range.count - done, off_t(range.lowerBound + done))
        }
        guard got > 0 else { throw tooShort(range) }
        count += got
      }
    }
  }

  private func tooShort(_ range: Range<Int>) -> ArrayFileError {
    ArrayFileError(
      file: path, problem: "it ends before byte \(range.upperBound)", advice: damagedFileAdvice)
  }

  deinit { close(descriptor) }
}
