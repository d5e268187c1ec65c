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
    let entries = try ZipEntryStream(path: path)
    let fileSize = try FileSystem.size(of: path)
    var rest = Self.freeByteCount + fileSize * Self.largestCompression
    while let entry = try entries.next() {
      let name = entry.hasSuffix(".npy") ? String(entry.dropLast(4)) : entry
      let array = try NumPyArray(
        byteLimit: rest, origin: "\(path)[\(name)]",
        read: { try entries.read($0, reserving: min($0, fileSize)) })
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
        let header = array.header
        try array.withUnsafeBytes { data in
          try writer.add(name + ".npy", byteCount: header.count + data.count) { write in
            try header.withUnsafeBytes { try write($0) }
            try write(data)
          }
        }
      }
      try writer.close()
    }
  }
}

/// Writes a zip archive of stored entries without time stamps.
final class ZipWriter {
  private let archive: OpaquePointer
  private let path: String

  init(path: String) throws {
    let file = try SystemPath.characters(of: path, for: "open")
    guard let archive = archive_write_new() else { throw ZipFailure.outOfMemory(path) }
    self.archive = archive
    self.path = path
    try check(archive_write_set_format_zip(archive))
    try check(archive_write_zip_set_compression_store(archive))
    try check(archive_write_open_filename(archive, file))
  }

  /// Adds an entry whose content comes in pieces, `byteCount` bytes in all.
  func add(
    _ name: String, byteCount: Int,
    _ body: (_ write: @escaping (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    guard let entry = archive_entry_new() else { throw ZipFailure.outOfMemory(path) }
    defer { archive_entry_free(entry) }
    archive_entry_set_pathname(entry, name)
    archive_entry_set_size(entry, Int64(byteCount))
    archive_entry_set_filetype(entry, CArchive_regularFile())
    archive_entry_set_perm(entry, 0o644)
    try check(archive_write_header(archive, entry), name)
    try body { try self.write($0, name) }
  }

  func close() throws { try check(archive_write_close(archive)) }

  deinit { archive_write_free(archive) }

  private func write(_ bytes: UnsafeRawBufferPointer, _ name: String) throws {
    var rest = bytes
    while !rest.isEmpty {
      let count = archive_write_data(archive, rest.baseAddress, rest.count)
      guard count > 0 else { throw ZipFailure.error(archive, path, name) }
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
    }
  }

  private func check(_ status: Int32, _ name: String? = nil) throws {
    guard status == ARCHIVE_OK else { throw ZipFailure.error(archive, path, name) }
  }
}
