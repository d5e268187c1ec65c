import Foundation

/// A text file that only grows, line by line.
///
/// A line goes to the system in one call, so that neither another process nor a killed one leaves
/// half of it among others. It is not brought to the disk at once: lines survive the end of the
/// process, not a loss of power. Not for several threads at once.
public final class LineFile {
  /// The path of the file.
  public let path: String
  private var descriptor: Int32

  /// Opens a file to append to; it is made if it is not there.
  ///
  /// - Throws: `FileError`.
  public init(path: String) throws {
    self.path = path
    descriptor = try openFile(path, O_WRONLY | O_CREAT | O_APPEND)
  }

  /// Appends a line; the line break is added.
  ///
  /// - Throws: `FileError`, for example when the disk is full; then a part of the line may be there.
  public func append(_ line: String) throws {
    precondition(descriptor >= 0, "append to '\(path)' after close")
    var rest = Array((line + "\n").utf8)
    while !rest.isEmpty {
      // Short only where a disk or a quota fills up; the next call then says why.
      let count = try systemCall("write", on: path) { write(descriptor, rest, rest.count) }
      rest.removeFirst(count)
    }
  }

  /// Closes the file; a second call does nothing.
  public func close() {
    if descriptor >= 0 { Foundation.close(descriptor) }
    descriptor = -1
  }

  deinit { close() }
}
