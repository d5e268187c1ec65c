import ArrayFiles
import Synchronization

/// An archive that images are in.
struct SourceArchive: Sendable {
  /// Its path.
  let path: String
  /// Its size in bytes.
  let byteCount: Int
  /// When it was changed last.
  let modificationTime: Int64

  /// What a tar is now.
  ///
  /// - Throws: `FileError`.
  init(of file: RandomAccessFile) throws {
    path = file.path
    byteCount = file.byteCount
    modificationTime = try FileSystem.modificationTime(of: file.path)
  }
}

/// Archives that are open: those used last, since a process may open fewer files than there are tars.
final class OpenArchives: Sendable {
  private let files = Mutex(BlockCache<RandomAccessFile>(capacity: 64))

  /// Reads a part of an archive.
  ///
  /// - Throws: `DataError`, `FileError`, `ArrayFileError`.
  func bytes(in range: Range<Int>, of archive: SourceArchive, number: Int) throws -> [UInt8] {
    let file = try files.withLock { files in
      try files.block(number, weight: { _ in 1 }) { () throws(DataError) in
        try DataError.locating(file: archive.path) { try RandomAccessFile(path: archive.path) }
      }
    }
    return try file.bytes(in: range)
  }
}
