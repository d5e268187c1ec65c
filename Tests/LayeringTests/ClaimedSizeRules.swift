import TestSupport

/// Where numbers from files, messages and headers become sizes, and that all of these places check them.
struct ClaimedSizeRules {
  /// A file of Sources with the numbers from outside that it makes sizes of.
  struct Place {
    let path: String
    let numbers: String
    /// What checks them, and how often it stands there: who adds a number, counts it here.
    let checks: [String: Int]
  }

  /// Every place where such a number becomes a size.
  static let places: [Place] = arrays + weights + data + messages

  private static let arrays = [
    Place(
      path: "Sources/ArrayFiles/ArrayElementType.swift",
      numbers: "shapes of .npy, .npz, .safetensors and tensors of other programs",
      checks: ["claimedSize(": 1]),
    Place(
      path: "Sources/ArrayFiles/FileSystem.swift", numbers: "bytes of what has no end",
      checks: ["SizeLimit.endlessByteCount": 1]),
    Place(
      path: "Sources/ArrayFiles/HDF5DatasetDescription.swift",
      numbers: "extents, sizes of elements and chunks, against the file's size",
      checks: ["place.size(": 3, "SizeLimit.chunkByteCount": 1, "H5Fget_filesize": 1]),
    Place(
      path: "Sources/ArrayFiles/HDF5Dataset+Strings.swift", numbers: "size and count of strings",
      checks: ["place.size(": 1]),
    Place(
      path: "Sources/ArrayFiles/HDF5Attributes.swift", numbers: "lengths of names and of strings",
      checks: ["place.size(": 1, "SizeLimit.attributeByteCount": 2]),
    Place(
      path: "Sources/ArrayFiles/HDF5File+Datasets.swift",
      numbers: "lengths of names, depth of groups",
      checks: ["place.size(": 1, "SizeLimit.groupDepth": 1]),
    Place(
      path: "Sources/ArrayFiles/HDF5Library.swift", numbers: "those of `place.size`",
      checks: ["claimedSize(": 1]),
    Place(
      path: "Sources/ArrayFiles/NumPyArchive.swift",
      numbers: "bytes of unpacked members, against the file's",
      checks: ["byteLimit: rest": 1, "reserving: min(": 1]),
    Place(
      path: "Sources/ArrayFiles/NumPyArchiveDirectory.swift", numbers: "the shape of an array",
      checks: ["claimedSize(": 1]),
    Place(
      path: "Sources/ArrayFiles/NumPyArrayStream.swift",
      numbers: "the header's length, bytes of elements",
      checks: ["claimedSize(": 1, "sizeLimit": 1]),
    Place(
      path: "Sources/ArrayFiles/NumPyArray.swift",
      numbers: "the header's length, bytes of elements, against the file's",
      checks: ["NumPyHeader.sizeLimit": 1, "byteLimit": 3]),
    Place(
      path: "Sources/ArrayFiles/NumPyHeader.swift", numbers: "the header's length, the shape",
      checks: ["sizeLimit": 3, "byteCount(shape:": 1]),
    Place(
      path: "Sources/ArrayFiles/SafetensorsHeader.swift",
      numbers: "the header's length, shapes, places of the data",
      checks: ["maximumSize": 2, "byteCount(shape:": 1, "upper <= data.count": 1]),
  ]

  private static let weights = [
    Place(
      path: "Sources/ArrayFiles/PickleCursor.swift", numbers: "lengths of texts and of the pickle",
      checks: [
        "claimedSize(": 1, "SizeLimit.pickleTextByteCount": 1, "SizeLimit.pickleByteCount": 2,
      ]),
    Place(
      path: "Sources/ArrayFiles/Unpickler.swift", numbers: "operations",
      checks: ["SizeLimit.pickleOperationCount": 2]),
    Place(
      path: "Sources/ArrayFiles/PickleGraph.swift",
      numbers: "elements of storages, elements that are copied", checks: ["claimedSize(": 2]),
    Place(
      path: "Sources/ArrayFiles/PyTorchLayout.swift",
      numbers: "sizes, strides and offsets of tensors, against their storages",
      checks: ["claimedSize(": 4]),
    Place(
      path: "Sources/ArrayFiles/PyTorchTree.swift",
      numbers: "depth, number of values, lengths of keys", checks: ["claimedSize(": 4]),
    Place(
      path: "Sources/ArrayFiles/PyTorchFile.swift",
      numbers: "bytes of all tensors, lengths of names", checks: ["claimedSize(": 2]),
    Place(
      path: "Sources/ArrayFiles/PyTorchLegacyFormat.swift",
      numbers: "elements of storages, against their tensors and the bytes that are there",
      checks: ["count == storage.elementCount": 1, "byteCount: storage.byteCount": 1]),
    Place(
      path: "Sources/ArrayFiles/WeightsIndex.swift",
      numbers: "the file's size, number of files", checks: ["claimedSize(": 2]),
    Place(
      path: "Sources/ArrayFiles/ZipDirectory.swift",
      numbers: "places, sizes and number of entries, against the file's size",
      checks: ["claimedSize(": 3]),
    Place(
      path: "Sources/ArrayFiles/ZipEntryHeader.swift",
      numbers: "places and sizes of an entry, against the file's size",
      checks: ["claimedSize(": 4]),
  ]

  private static let data = [
    Place(
      path: "Sources/Datasets/DatasetManifest.swift",
      numbers: "the file's size, counts of samples, sizes of shards, number of classes",
      checks: ["claimedSize(": 2, "try sum(": 3]),
    Place(
      path: "Sources/Datasets/ImageKind.swift", numbers: "height and width of stored pixels",
      checks: ["claimedSize(": 3]),
    Place(
      path: "Sources/Datasets/ShardReader.swift",
      numbers: "number of samples, height and width, offsets against the bytes that are there",
      checks: ["claimedSize(": 1, "claimedRGB8(": 1, "checkedOffsets(": 2]),
    Place(
      path: "Sources/Datasets/CodesDescription.swift",
      numbers: "numbers of samples, crops, tokens, codes and classes",
      checks: ["claimedSize(": 2, "try count(": 5]),
    Place(
      path: "Sources/Checkpoints/CheckpointManifest.swift",
      numbers: "the file's size, sizes of files, shapes against the files' sizes, steps",
      checks: ["claimedSize(": 5]),
    Place(
      path: "Sources/ImageFiles/ImageFile.swift",
      numbers: "height and width in headers, against the file's bytes",
      checks: ["claimedSize(": 1, "leastByteCount": 3]),
    Place(
      path: "Sources/Evaluation/Files/ImageArchive.swift", numbers: "height and width of images",
      checks: ["claimedSize(": 1]),
    Place(
      path: "Sources/Evaluation/Files/StatisticsFile.swift", numbers: "dimensions of features",
      checks: ["largestDimension": 3]),
    Place(
      path: "Sources/Evaluation/Certificates/EvaluationCertificate+Files.swift",
      numbers: "the file's size", checks: ["claimedSize(": 1]),
    Place(
      path: "Sources/Inference/LabelSelection.swift",
      numbers: "images that are asked for, and the file's size", checks: ["claimedSize(": 2]),
    Place(
      path: "Sources/Inference/Parts/OutputPlan.swift", numbers: "the pixels of a grid",
      checks: ["claimedSize(": 1]),
    Place(
      path: "Sources/Configurations/ConfigurationTree+YAML.swift",
      numbers: "bytes, values and levels of a text", checks: ["YAMLLimits.": 3]),
    Place(
      path: "Sources/Configurations/ModelMagnitude.swift",
      numbers: "the sizes of a model, put together", checks: ["Limit": 7]),
  ]

  private static let messages = [
    Place(
      path: "Sources/Datasets/Lanes/ByteMessage.swift",
      numbers: "counts and lengths in messages, against the bytes that follow",
      checks: ["count <= remainingCount / leastByteCount": 1, "size <= remainingCount": 1]),
    Place(
      path: "Sources/Datasets/Lanes/ImageLaneMessage.swift",
      numbers: "height and width, number of samples",
      checks: ["claimedRGB8(": 1, "readCount(": 1]),
    Place(
      path: "Sources/Evaluation/Images/ImageMessage.swift",
      numbers: "numbers of images, height and width", checks: ["claimedSize(": 3]),
    Place(
      path: "Sources/DataParallel/Samples/SampleMessage.swift", numbers: "bytes of a message",
      checks: ["bodyByteLimit": 2]),
    Place(
      path: "Sources/MessagePassing/CollectiveCall.swift", numbers: "bytes of another rank's part",
      checks: ["byteCountLimit": 2]),
  ]

  /// Unchecked products that are right all the same, with the reason.
  static let exceptions: [String: String] = [
    "Sources/ArrayFiles/HDF5Dataset.swift": "the shape was checked when the dataset was opened",
    "Sources/ArrayFiles/HDF5DatasetDescription.swift": "not more chunks than elements",
    "Sources/ArrayFiles/HDF5File+Datasets.swift": "an array that the program writes",
    "Sources/ArrayFiles/NumPyArray.swift": "the header was checked when it was decoded",
    "Sources/ArrayFiles/SafetensorsTensor.swift": "a tensor that the program writes",
    "Sources/ArrayFiles/StoredTensor.swift": "the shape was checked when the file was opened",
    "Sources/Checkpoints/CheckpointManifest.swift": "the manifest was checked when it was read",
    "Sources/Checkpoints/CheckpointWriter.swift": "an array that the program writes",
  ]

  /// Targets that see files and messages; the others work on shapes that the program made.
  private static let readers = [
    "ArrayFiles", "Benchmarks", "Checkpoints", "Configurations", "DataParallel", "Datasets",
    "Evaluation", "ImageFiles", "Inference", "MessagePassing", "Training", "restok",
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
