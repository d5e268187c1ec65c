import ArrayFiles
import Datasets
import ImageFiles

/// What tells the reference of one search from that of another, and whether it was changed meanwhile.
///
/// - Arrays and statistics: the digest of the file.
/// - Data sets: the digest of the manifest, with which every shard is compared.
/// - Folders and files: names, sizes and times of the last change of all images, but not where they are.
struct ReferenceIdentity: Equatable {
  /// Of what the reference is.
  let digest: String
  /// The name, size and time of each file that a change would show in.
  private let stamps: [String]
  private let paths: [String]

  /// Looks at a reference.
  ///
  /// - Throws: The errors of its files.
  init(paths: [String]) throws {
    self.paths = paths
    stamps = try Self.stamps(of: paths)
    if let file = Self.array(paths) {
      digest = try ContentDigest.ofFile(at: file).prefixed
    } else if let folder = paths.first(where: ImageSet.isDataset) {
      digest = try DatasetManifest(folder: folder).digest
    } else {
      var all = ContentDigest()
      for stamp in stamps { all.update(Array((stamp + "\n").utf8)) }
      digest = all.prefixed
    }
  }

  /// Refuses what was changed since.
  ///
  /// - Throws: `EvaluationError.changedReference`, and the errors of files.
  func requireUnchanged() throws {
    guard try Self.stamps(of: paths) == stamps else {
      throw EvaluationError.changedReference(
        paths.map(VisibleText.name).joined(separator: ", "))
    }
  }

  /// The file of arrays, if the reference is one.
  private static func array(_ paths: [String]) -> String? {
    paths.first {
      ["npz", "npy"].contains(SystemPath.ending(of: $0)) && !FileSystem.isDirectory($0)
    }
  }

  private static func stamps(of paths: [String]) throws -> [String] {
    let files =
      if let file = array(paths) {
        [file]
      } else if let folder = paths.first(where: ImageSet.isDataset) {
        [SystemPath.path(of: DatasetManifest.fileName, in: folder)]
      } else {
        try ImageFolder.listing(expanding: paths).images
      }
    return try files.map { "\(SystemPath.name(of: $0)) \(try FileIdentity(of: $0).sharedText)" }
  }
}
