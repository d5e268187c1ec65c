import ArrayFiles
import Foundation
public import ImageFiles
import Reporting

/// Where records stand, and what else has their names.
extension SamplingRecord {
  /// What tells a record from other JSON files, whatever its version.
  private struct Mark: Decodable {
    let kind: String
    let formatVersion: Int

    private enum CodingKeys: String, CodingKey {
      case kind
      case formatVersion = "format_version"
    }

    /// The mark of a record; nil for any other file.
    init?(_ text: Data) {
      guard let mark = try? JSONText.decode(Mark.self, from: text), mark.kind == SamplingRecord.kind
      else { return nil }
      self = mark
    }
  }

  private static let byteCountLimit = 1 << 20

  /// Where the record of some images stands; nil for a grid, which has none.
  static func path(for output: ImageOutput) -> String? {
    switch output.kind {
    case .folder: SystemPath.path(of: folderFileName, in: output.path)
    case .array, .archive: path(besideArray: output.path)
    case .grid: nil
    }
  }

  /// `NAME.json` of `NAME.npz` and `NAME.npy`.
  private static func path(besideArray path: String) -> String {
    String(path.dropLast(3)) + "json"
  }

  /// Where the record of a path's images would stand; nil for a path that is neither a folder nor an array.
  private static func path(of images: String) -> String? {
    if FileSystem.isDirectory(images) { return SystemPath.path(of: folderFileName, in: images) }
    return ["npz", "npy"].contains(SystemPath.ending(of: images)) ? path(besideArray: images) : nil
  }

  /// Reads the record beside some images.
  ///
  /// - Parameter path: A folder of images, or an array of them.
  /// - Returns: The record; nil where there is none, or another file has its name.
  /// - Throws: `FileError`; `CommandError.unfitData` for one that is damaged or of another version.
  public static func beside(_ path: String) throws -> SamplingRecord? {
    guard let file = self.path(of: path), try isRecord(file) else { return nil }
    return try SamplingRecord(contentsOf: file)
  }

  /// Whether a record, of whatever version, stands beside some images.
  ///
  /// - Throws: `FileError`.
  public static func isBeside(_ path: String) throws -> Bool {
    try self.path(of: path).map(isRecord) ?? false
  }

  /// Reads a record; nil where the file is something else.
  ///
  /// - Throws: `FileError`; `CommandError.unfitData` for a record that is damaged or of another version.
  public init?(contentsOf path: String) throws {
    let text = Data(try FileSystem.bytes(of: path, upTo: Self.byteCountLimit))
    guard let mark = Mark(text) else { return nil }
    guard mark.formatVersion == Self.currentFormatVersion else {
      throw CommandError.unfitData(
        "\(path): this record of a sampling has format version \(mark.formatVersion), this program reads "
          + "\(Self.currentFormatVersion): sample again, or remove it and state what is known with --stated"
      )
    }
    do {
      self = try JSONText.decode(SamplingRecord.self, from: text)
    } catch let error as DecodingError {
      throw CommandError.unfitData(
        "\(path): this record of a sampling cannot be read: \(JSONText.problem(of: error))")
    }
    guard pixelDigest != nil else {
      throw CommandError.unfitData(
        "\(path): this record of a sampling cannot be read: it has no digest of the pixels")
    }
  }

  /// Whether a record, of whatever version, stands under a path.
  ///
  /// - Throws: `FileError` for a file that cannot be read.
  public static func isRecord(_ path: String) throws -> Bool {
    guard FileSystem.kind(of: path) == .file else { return false }
    return Mark(Data(try FileSystem.bytes(of: path, upTo: byteCountLimit))) != nil
  }

  /// Refuses to take the place of a file that is no record.
  static func requirePlace(_ path: String) throws {
    guard FileSystem.exists(path), try !isRecord(path) else { return }
    throw CommandError.unsupported(
      "\(path) is there and is no record of a sampling, which would take its place: move it, or name another "
        + "--output")
  }

  /// Removes the record of what stood under the path of an array before.
  ///
  /// - Throws: `FileError`.
  static func removeStale(besideArray path: String) throws {
    let file = Self.path(besideArray: path)
    guard try isRecord(file) else { return }
    try FileSystem.remove(file)
    try FileSystem.synchronize(SystemPath.parent(of: file))
  }

  /// What was left out of folders, without the records, which belong there.
  public static func without(_ omitted: [OmittedFile]) throws -> [OmittedFile] {
    try omitted.filter { file in
      try file.reason != .notAnImage || SystemPath.name(of: file.path) != folderFileName
        || !isRecord(file.path)
    }
  }
}
