import CArchive
import Foundation

/// The regular files in a tar archive and where their bytes are, found without reading these.
///
/// Links, folders and devices are passed over; names are keys and nothing is ever written under them.
/// An archive that is compressed as a whole has no places in it and is refused.
public struct TarDirectory: Sendable {
  /// A file in the archive.
  public struct Member: Sendable, Hashable {
    /// Its name, as `SystemPath` has names.
    public let name: String
    /// Where its bytes are in the archive.
    public let range: Range<Int>
  }

  /// The path of the archive.
  public let path: String
  /// The files, in the order of the archive.
  public let members: [Member]
  /// Why the archive ends before its end; nil for a sound one.
  public let damage: ArrayFileError?

  /// Reads the headers of an archive.
  ///
  /// - Throws: `FileError`; `ArrayFileError` for what is no tar archive.
  public init(of path: String) throws {
    self.path = path
    let byteCount = try RandomAccessFile(path: path).byteCount
    guard let archive = archive_read_new() else {
      throw FileError(operation: "malloc", path: path, code: ENOMEM)
    }
    defer { archive_read_free(archive) }
    archive_read_support_format_tar(archive)
    let characters = try SystemPath.characters(of: path, for: "open")
    guard byteCount > 0, archive_read_open_filename(archive, characters, 1 << 16) == ARCHIVE_OK
    else {
      throw Self.failure(archive, path, "it is no tar archive", Self.formatAdvice)
    }
    var reader = HeaderReader(archive: archive, path: path, byteCount: byteCount)
    do {
      try reader.readAll()
      damage = nil
    } catch let error as ArrayFileError where reader.headerCount > 0 {
      damage = error
    } catch let error as SizeError {
      damage = ArrayFileError(
        file: path, problem: "it breaks off: \(error.problem)", advice: damagedFileAdvice)
    }
    members = reader.members
  }

  private static let formatAdvice =
    "Tar archives are read as they are: unpack one that is compressed as a whole (gunzip, unxz, unzstd)."

  fileprivate static func failure(
    _ archive: OpaquePointer, _ path: String, _ problem: String, _ advice: String
  ) -> ArrayFileError {
    let reason = archive_error_string(archive).map { " (\(String(cString: $0)))" } ?? ""
    return ArrayFileError(file: path, problem: problem + reason, advice: advice)
  }
}

/// Walks through the headers of an archive that is open.
///
/// libarchive tells where a header begins, not where the data do: they end, filled up to blocks of 512 bytes,
/// where the next header begins.
private struct HeaderReader {
  let archive: OpaquePointer
  let path: String
  let byteCount: Int
  var members: [TarDirectory.Member] = []
  var headerCount = 0
  /// The member whose data's end is not known yet.
  private var pending: (name: String, size: Int, header: Int)?

  init(archive: OpaquePointer, path: String, byteCount: Int) {
    (self.archive, self.path, self.byteCount) = (archive, path, byteCount)
  }

  mutating func readAll() throws {
    while true {
      var entry: OpaquePointer?
      let status = archive_read_next_header(archive, &entry)
      guard status == ARCHIVE_OK || status == ARCHIVE_WARN || status == ARCHIVE_EOF else {
        throw TarDirectory.failure(
          archive, path, headerCount == 0 ? "it is no tar archive" : "it breaks off",
          damagedFileAdvice)
      }
      let position = Int(archive_read_header_position(archive))
      try settle(endingAt: position)
      guard status != ARCHIVE_EOF, let entry else { return }
      headerCount += 1
      try begin(entry, at: position)
    }
  }

  private mutating func begin(_ entry: OpaquePointer, at position: Int) throws {
    guard archive_entry_filetype(entry) == CArchive_regularFile(),
      archive_entry_hardlink(entry) == nil,
      let characters = archive_entry_pathname(entry) ?? archive_entry_pathname_utf8(entry)
    else { return }
    let name = SystemPath.text(
      of: UnsafeRawBufferPointer(start: characters, count: strlen(characters)))
    guard archive_entry_sparse_count(entry) == 0 else {
      throw ArrayFileError(
        file: path, array: name, problem: "it is stored as a sparse file",
        advice: "Write the archive without --sparse.")
    }
    let size = try claimedSize(
      archive_entry_size(entry), field: "the size of \(name)", of: path, limit: byteCount)
    pending = (name, size, position)
  }

  /// Notes the member before, whose data and filling end at a place.
  private mutating func settle(endingAt end: Int) throws {
    guard let member = pending else { return }
    pending = nil
    let start = end - (member.size + 511) / 512 * 512
    guard start >= member.header + 512, start + member.size <= byteCount else {
      throw ArrayFileError(
        file: path, array: member.name, problem: "its \(member.size) bytes are not all there",
        advice: damagedFileAdvice)
    }
    members.append(TarDirectory.Member(name: member.name, range: start..<start + member.size))
  }
}
