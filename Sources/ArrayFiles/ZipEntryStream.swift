import CArchive
import Foundation

/// Reads the entries of a zip archive one after the other, stored or deflated, each from its beginning.
final class ZipEntryStream {
  private let archive: OpaquePointer
  private let path: String
  /// The entry that is read, for messages.
  private var name: String?

  /// Opens an archive, before its first entry.
  ///
  /// - Throws: `FileError`, `ArrayFileError`.
  init(path: String) throws {
    // Opened first for the system's own error.
    try pathCall("open", on: path) { access($0, R_OK) }
    let file = try SystemPath.characters(of: path, for: "open")
    guard let archive = archive_read_new() else { throw ZipFailure.outOfMemory(path) }
    self.archive = archive
    self.path = path
    archive_read_support_format_zip(archive)
    guard archive_read_open_filename(archive, file, 1 << 16) == ARCHIVE_OK else {
      throw ZipFailure.error(archive, path, nil)
    }
  }

  deinit { archive_read_free(archive) }

  /// Goes to the next entry; what is left of this one is not read.
  ///
  /// - Returns: Its name; nil behind the last one.
  /// - Throws: `ArrayFileError`.
  func next() throws -> String? {
    var entry: OpaquePointer?
    let status = archive_read_next_header(archive, &entry)
    if status == ARCHIVE_EOF { return nil }
    guard status == ARCHIVE_OK, let entry,
      let characters = archive_entry_pathname(entry) ?? archive_entry_pathname_utf8(entry)
    else {
      throw ZipFailure.error(archive, path, nil)
    }
    name = String(cString: characters)
    return name
  }

  /// The next bytes of the entry, as many as asked for, or fewer at the end.
  ///
  /// - Parameters:
  ///   - byteCount: The bytes that are asked for.
  ///   - reservedCount: The bytes that are surely there; memory for more is taken as they come.
  /// - Returns: The bytes.
  /// - Throws: `ArrayFileError`, also where the checksum of an entry that ends is another one.
  func read(_ byteCount: Int, reserving reservedCount: Int? = nil) throws -> Data {
    var data = Data(capacity: min(byteCount, reservedCount ?? 1 << 20))
    var buffer = [UInt8](repeating: 0, count: min(byteCount, 1 << 20))
    while data.count < byteCount {
      let wanted = min(buffer.count, byteCount - data.count)
      let count = buffer.withUnsafeMutableBytes {
        archive_read_data(archive, $0.baseAddress, wanted)
      }
      if count == 0 { break }
      // A warning here is a checksum or a size that does not match.
      guard count > 0 else { throw ZipFailure.error(archive, path, name) }
      data.append(contentsOf: buffer.prefix(count))
    }
    return data
  }
}

/// What libarchive says of an operation that failed.
enum ZipFailure {
  /// The error of an archive, in one of its entries if a name is given.
  static func error(_ archive: OpaquePointer, _ path: String, _ name: String?) -> any Error {
    let code = archive_errno(archive)
    // A full disk and the like; libarchive's own numbers are negative or unspecific.
    if code == ENOSPC || code == EDQUOT || code == EFBIG || code == EIO {
      return FileError(operation: "write", path: path, code: code)
    }
    let text = archive_error_string(archive).map { String(cString: $0) }
    return ArrayFileError(
      file: path, array: name, problem: text ?? "libarchive gives no reason",
      advice: damagedFileAdvice)
  }

  /// No memory for a reader or a writer.
  static func outOfMemory(_ path: String) -> FileError {
    FileError(operation: "malloc", path: path, code: ENOMEM)
  }
}
