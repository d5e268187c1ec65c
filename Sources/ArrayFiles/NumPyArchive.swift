import CArchive
import Foundation

/// Named arrays in NumPy's `.npz` format: a zip archive of `.npy` files.
///
/// Compressed arrays take more memory than their file. What an archive says of their sizes is not
/// believed: all its arrays together may take `freeByteCount` and, beyond it,
/// `largestCompression` times the bytes of the file; a header that announces more is refused before
/// anything is read.
public struct NumPyArchive: Sendable {
  /// The arrays' names in the order of the file.
  public let names: [String]
  private let arrays: [String: NumPyArray]
  private let path: String

  /// Bytes that the arrays of a file of any size may take, 256 MiB.
  public static let freeByteCount = 1 << 28
  /// Bytes of arrays, beyond `freeByteCount`, for every byte of the file.
  public static let largestCompression = 32

  /// Reads all arrays of a `.npz` file, stored or compressed.
  ///
  /// - Throws: `FileError` when the file cannot be read; `ArrayFileError` when it is no zip
  ///   archive, damaged, or an array in it is not as `NumPyArray` wants it.
  public init(contentsOf path: String) throws {
    var names: [String] = []
    var arrays: [String: NumPyArray] = [:]
    // Opened first for the system's own error.
    try pathCall("open", on: path) { access($0, R_OK) }
    let fileSize = try FileSystem.size(of: path)
    var rest = Self.freeByteCount + fileSize * Self.largestCompression
    try ZipReader.forEachEntry(of: path) { entry in
      let name = entry.name.hasSuffix(".npy") ? String(entry.name.dropLast(4)) : entry.name
      let array = try NumPyArray(
        byteLimit: rest, origin: "\(path)[\(name)]",
        read: { try entry.read($0, reserving: min($0, fileSize)) })
      rest -= array.byteCount
      guard arrays.updateValue(array, forKey: name) == nil else {
        throw ArrayFileError(
          file: path, array: name, problem: "it occurs twice", advice: damagedFileAdvice)
      }
      names.append(name)
    }
    self.names = names
    self.arrays = arrays
    self.path = path
  }

  /// The array of a name.
  ///
  /// - Throws: `ArrayFileError` that lists the names there are.
  public func array(_ name: String) throws -> NumPyArray {
    guard let array = arrays[name] else {
      throw ArrayFileError(
        file: path, array: name, problem: "there is no such array",
        advice: "The file has: \(names.joined(separator: ", ")).")
    }
    return array
  }

  /// Publishes arrays as a `.npz` file, stored without compression; equal arrays give equal bytes.
  ///
  /// `arrays`: names of ASCII characters, and the arrays, in the order of the file.
  /// - Throws: `FileError` or `ArrayFileError`; then the old file is as it was.
  public static func write(_ arrays: [(name: String, array: NumPyArray)], to path: String) throws {
    for (name, _) in arrays where name.isEmpty || !name.utf8.allSatisfy({ $0 < 128 && $0 > 31 }) {
      throw ArrayFileError(
        file: path, array: name, problem: "the name is empty or not ASCII",
        advice: "Choose a name of ASCII letters.")
    }
    try AtomicFile.publish(to: path) { temporary in
      let writer = try ZipWriter(path: temporary)
      for (name, array) in arrays {
        try array.withUnsafeBytes { try writer.add(name + ".npy", header: array.header, $0) }
      }
      try writer.close()
    }
  }
}

/// Reads the entries of a zip archive one after the other.
private enum ZipReader {
  /// An entry whose bytes are read when they are asked for.
  struct Entry {
    let name: String
    fileprivate let archive: OpaquePointer
    fileprivate let path: String

    /// The next bytes, as many as asked for, or fewer at the end.
    ///
    /// `reservedCount`: the bytes that are surely there; memory for more is taken as they come.
    func read(_ byteCount: Int, reserving reservedCount: Int) throws -> Data {
      var data = Data(capacity: reservedCount)
      var buffer = [UInt8](repeating: 0, count: min(byteCount, 1 << 20))
      while data.count < byteCount {
        let wanted = min(buffer.count, byteCount - data.count)
        let count = buffer.withUnsafeMutableBytes {
          archive_read_data(archive, $0.baseAddress, wanted)
        }
        if count == 0 { break }
        // A warning here is a checksum or a size that does not match.
        guard count > 0 else { throw failure(archive, path, name) }
        data.append(contentsOf: buffer.prefix(count))
      }
      return data
    }
  }

  static func forEachEntry(of path: String, _ body: (Entry) throws -> Void) throws {
    guard let archive = archive_read_new() else { throw outOfMemory(path) }
    defer { archive_read_free(archive) }
    archive_read_support_format_zip(archive)
    let file = try SystemPath.characters(of: path, for: "open")
    guard archive_read_open_filename(archive, file, 1 << 16) == ARCHIVE_OK else {
      throw failure(archive, path, nil)
    }
    while true {
      var entry: OpaquePointer?
      let status = archive_read_next_header(archive, &entry)
      if status == ARCHIVE_EOF { return }
      guard status == ARCHIVE_OK, let entry else { throw failure(archive, path, nil) }
      guard let characters = archive_entry_pathname(entry) ?? archive_entry_pathname_utf8(entry)
      else {
        throw failure(archive, path, nil)
      }
      try body(Entry(name: String(cString: characters), archive: archive, path: path))
    }
  }
}

/// Writes a zip archive of stored entries without time stamps.
private final class ZipWriter {
  private let archive: OpaquePointer
  private let path: String

  init(path: String) throws {
    let file = try SystemPath.characters(of: path, for: "open")
    guard let archive = archive_write_new() else { throw outOfMemory(path) }
    self.archive = archive
    self.path = path
    try check(archive_write_set_format_zip(archive))
    try check(archive_write_zip_set_compression_store(archive))
    try check(archive_write_open_filename(archive, file))
  }

  func add(_ name: String, header: [UInt8], _ data: UnsafeRawBufferPointer) throws {
    guard let entry = archive_entry_new() else { throw outOfMemory(path) }
    defer { archive_entry_free(entry) }
    archive_entry_set_pathname(entry, name)
    archive_entry_set_size(entry, Int64(header.count + data.count))
    archive_entry_set_filetype(entry, CArchive_regularFile())
    archive_entry_set_perm(entry, 0o644)
    try check(archive_write_header(archive, entry), name)
    try header.withUnsafeBytes { try write($0, name) }
    try write(data, name)
  }

  func close() throws { try check(archive_write_close(archive)) }

  deinit { archive_write_free(archive) }

  private func write(_ bytes: UnsafeRawBufferPointer, _ name: String) throws {
    var rest = bytes
    while !rest.isEmpty {
      let count = archive_write_data(archive, rest.baseAddress, rest.count)
      guard count > 0 else { throw failure(archive, path, name) }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
    }
  }

  private func check(_ status: Int32, _ name: String? = nil) throws {
    guard status == ARCHIVE_OK else { throw failure(archive, path, name) }
  }
}

private func failure(_ archive: OpaquePointer, _ path: String, _ name: String?) -> any Error {
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

private func outOfMemory(_ path: String) -> FileError {
  FileError(operation: "malloc", path: path, code: ENOMEM)
}
