/// What is known of a file's bytes from elsewhere: how many there are, and their digest.
///
/// Libraries that read a format trust what stands in a file; so a file is compared with its record
/// before a library opens it.
public struct ContentRecord: Sendable, Hashable {
  /// Number of bytes.
  public let byteCount: Int
  /// XXH64 of the bytes as 16 hexadecimal digits.
  public let digest: String

  /// What a manifest or a seal says.
  public init(byteCount: Int, digest: String) {
    self.byteCount = byteCount
    self.digest = digest
  }

  /// What a file holds now; it is read once.
  ///
  /// - Throws: `FileError`.
  public init(ofFile path: String) throws {
    byteCount = try FileSystem.size(of: path)
    digest = try ContentDigest.ofFile(at: path).hexadecimal
  }

  /// Compares a file with the record; one of another size is not read.
  ///
  /// - Throws: `ContentMismatch` when the file is another; `FileError`.
  public func check(_ path: String) throws {
    let size = try FileSystem.size(of: path)
    guard size == byteCount else {
      throw ContentMismatch(file: path, expected: "\(byteCount) bytes", found: "\(size) bytes")
    }
    let found = try ContentDigest.ofFile(at: path).hexadecimal
    guard found == digest else {
      throw ContentMismatch(
        file: path, expected: "digest \(digest)", found: "digest \(found)")
    }
  }
}

/// A file whose bytes are not those that were written; no library has opened it.
public struct ContentMismatch: Error, Sendable, Hashable, CustomStringConvertible {
  /// Path of the file.
  public let file: String
  /// Size or digest as it was recorded.
  public let expected: String
  /// Size or digest as it is.
  public let found: String

  /// A file that has `found` where `expected` was recorded.
  public init(file: String, expected: String, found: String) {
    self.file = file
    self.expected = expected
    self.found = found
  }

  /// What is wrong, without the place and without a full stop.
  public var problem: String { "it has \(found), but was written with \(expected)" }

  /// Where, what is wrong, and what to do.
  public var description: String {
    "'\(file)': \(problem). The file is damaged or another: restore it from a copy or write it anew."
  }
}

/// Which file stands under a path, and whether it was written since: device, number, size and times.
///
/// Two equal values of one path mean the same bytes, as far as the file system tells.
public struct FileIdentity: Sendable, Hashable {
  private let device: UInt64
  private let number: UInt64
  private let byteCount: Int64
  private let times: [Int64]

  /// Size and time of the last change: what stays the same whichever host looks at a shared file.
  public var sharedText: String { "\(byteCount) bytes of \(times[0]).\(times[1])" }

  /// What stands under a path now.
  ///
  /// - Throws: `FileError`.
  public init(of path: String) throws {
    let status = try FileSystem.status(of: path)
    device = UInt64(status.st_dev)
    number = UInt64(status.st_ino)
    byteCount = Int64(status.st_size)
    #if os(Linux)
      let (modified, changed) = (status.st_mtim, status.st_ctim)
    #else
      let (modified, changed) = (status.st_mtimespec, status.st_ctimespec)
    #endif
    times = [modified, changed].flatMap { [Int64($0.tv_sec), Int64($0.tv_nsec)] }
  }
}
