import Foundation

/// The digest that a file carries behind its content: 32 bytes that make a file that is given alone
/// one whose damage is found.
///
/// Little-endian: the characters `RESTSEAL`, the number of bytes before the seal, their XXH64, and the
/// XXH64 of these first 24 bytes. HDF5 ignores what stands behind the end that its superblock names.
public enum ContentSeal {
  /// Bytes of a seal.
  public static let byteCount = 32
  private static let magic = Array("RESTSEAL".utf8)

  /// Appends the seal to a file that is complete.
  ///
  /// - Throws: `FileError`, for example when the disk is full.
  public static func append(to path: String) throws {
    let record = try ContentRecord(ofFile: path)
    let descriptor = try openFile(path, O_WRONLY | O_APPEND)
    do {
      try encoded(record).withUnsafeBytes { try writeAll($0, to: descriptor, path: path) }
    } catch {
      close(descriptor)
      throw error
    }
    guard close(descriptor) == 0 || errno == EINTR else {
      throw FileError(operation: "close", path: path, code: errno)
    }
  }

  /// Compares a file with its seal, over all bytes.
  ///
  /// - Returns: The record of the bytes before the seal, which they match; nil where the file ends
  ///   in no seal.
  /// - Throws: `ContentMismatch` when the bytes are others; `FileError`.
  public static func checkedRecord(of path: String) throws -> ContentRecord? {
    guard let seal = try lastBytes(of: path), let record = decoded(seal) else { return nil }
    let size = try FileSystem.size(of: path) - byteCount
    guard record.byteCount == size else {
      throw ContentMismatch(
        file: path, expected: "\(record.byteCount) bytes", found: "\(size) bytes")
    }
    let found = try ContentDigest.ofFile(at: path, byteCount: size).hexadecimal
    guard found == record.digest else {
      throw ContentMismatch(
        file: path, expected: "digest \(record.digest)", found: "digest \(found)")
    }
    return record
  }

  private static func encoded(_ record: ContentRecord) -> [UInt8] {
    var bytes = magic + littleEndian(UInt64(record.byteCount))
    bytes += littleEndian(UInt64(record.digest, radix: 16) ?? 0)
    return bytes + littleEndian(bytes.withUnsafeBytes { ContentDigest.of($0).value })
  }

  /// What a seal says, or nil where the bytes are none.
  private static func decoded(_ bytes: [UInt8]) -> ContentRecord? {
    guard bytes.prefix(magic.count).elementsEqual(magic) else { return nil }
    func word(_ place: Int) -> UInt64 {
      bytes[place..<place + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    let own = bytes[..<24].withUnsafeBytes { ContentDigest.of($0).value }
    guard own == word(24), let byteCount = Int(exactly: word(8)) else { return nil }
    return ContentRecord(byteCount: byteCount, digest: hexadecimal(word(16)))
  }

  private static func littleEndian(_ word: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
  }

  /// The last bytes of a regular file, as many as a seal has; nil where there are fewer.
  private static func lastBytes(of path: String) throws -> [UInt8]? {
    let status = try FileSystem.status(of: path)
    // To open a pipe would be to wait for whoever writes to it.
    guard status.st_mode & S_IFMT == S_IFREG, status.st_size >= byteCount else { return nil }
    let descriptor = try openFile(path, O_RDONLY)
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: byteCount)
    let start = status.st_size - off_t(byteCount)
    let count = try bytes.withUnsafeMutableBytes { buffer in
      try systemCall("pread", on: path) {
        pread(descriptor, buffer.baseAddress, buffer.count, start)
      }
    }
    return count == byteCount ? bytes : nil
  }
}
