import TestSupport

/// Where numbers from files, messages and headers become sizes, and that all of these places check them.
struct ClaimedSizeRules {
  /// A file of Sources with the numbers from outside that it makes sizes of.
  struct Place {
    let path: String
    let numbers: String
    /// The calls that check them, of which each must be there.
    var calls = ["claimedSize("]
  }

  /// Every place where such a number becomes a size.
  ///
  /// Who adds one adds it here.
  static let places: [Place] = [
    Place(
      path: "Sources/ArrayFiles/HDF5DatasetDescription.swift",
      numbers: "extents, sizes of elements and chunks, against the file's size",
      calls: ["place.size(", "SizeLimit.chunkByteCount", "H5Fget_filesize"]),
    Place(
      path: "Sources/ArrayFiles/HDF5Dataset+Strings.swift", numbers: "size and count of strings",
      calls: ["place.size("]),
    Place(
      path: "Sources/ArrayFiles/HDF5Attributes.swift", numbers: "lengths of names and of strings",
      calls: ["place.size(", "SizeLimit.attributeByteCount"]),
    Place(
      path: "Sources/ArrayFiles/HDF5File+Datasets.swift",
      numbers: "lengths of names, depth of groups",
      calls: ["place.size(", "SizeLimit.groupDepth"]),
    Place(path: "Sources/ArrayFiles/HDF5Library.swift", numbers: "those of `place.size`"),
    Place(
      path: "Sources/Datasets/DatasetManifest.swift",
      numbers: "the file's size, counts of samples, sizes of shards, number of classes"),
    Place(path: "Sources/Datasets/ImageKind.swift", numbers: "height and width of stored pixels"),
    Place(
      path: "Sources/Datasets/ShardReader.swift",
      numbers: "number of samples, height and width, offsets against the bytes that are there",
      calls: ["claimedSize(", "claimedRGB8(", "checkedOffsets("]),
    Place(
      path: "Sources/Datasets/CodesDescription.swift",
      numbers: "numbers of samples, crops, tokens, codes and classes"),
    Place(
      path: "Sources/Checkpoints/CheckpointManifest.swift",
      numbers: "the file's size, sizes of files, shapes against the files' sizes, steps"),
  ]

  /// Unchecked products that are right all the same, with the reason.
  static let exceptions: [String: String] = [
    "Sources/ArrayFiles/HDF5Dataset.swift": "the shape was checked when the dataset was opened",
    "Sources/ArrayFiles/HDF5DatasetDescription.swift": "not more chunks than elements",
    "Sources/ArrayFiles/HDF5File+Datasets.swift": "an array that the program writes",
    "Sources/ArrayFiles/NumPyArray.swift": "the header was checked when it was decoded",
    "Sources/ArrayFiles/SafetensorsTensor.swift": "the header was checked when it was decoded",
    "Sources/Checkpoints/CheckpointManifest.swift": "the manifest was checked when it was read",
    "Sources/Checkpoints/CheckpointWriter.swift": "an array that the program writes",
  ]

  /// Targets that see files and messages; the others work on shapes that the program made.
  private static let readers = [
    "ArrayFiles", "Benchmarks", "Checkpoints", "Configurations", "DataParallel", "Datasets",
    "ImageFiles", "Inference", "MessagePassing", "Training", "restok",
  ]

  /// Products that nobody checks, and numbers of attributes that are converted as they are.
  static func violations(of file: RepositoryFile) -> [String] {
    guard readers.contains(where: { file.path.hasPrefix("Sources/\($0)/") }),
      exceptions[file.path] == nil
    else { return [] }
    let signs = [".reduce(1, *)", ".reduce(1, &*)", "Int(try attributes", "Int(attributes"]
    return file.codeLines.enumerated().flatMap { index, line in
      signs.filter(line.contains).map { "\(file.path):\(index + 1): \($0)" }
    }
  }

  /// HDF5 files that are opened without a comparison of their bytes.
  static func openingViolations(of file: RepositoryFile) -> [String] {
    guard file.path.hasPrefix("Sources/") else { return [] }
    return file.codeLines.joined(separator: "\n").matches(of: /HDF5File\(\s*reading:[^)]*/)
      .filter { !$0.output.contains("matching:") }
      .map { "\(file.path): \($0.output)" }
  }
}
