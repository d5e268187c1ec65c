import ArrayFiles
import Checkpoints
import Datasets

// Files of arrays: NumPy, safetensors and HDF5.

extension FuzzTarget {
  static let safetensors = FuzzTarget("safetensors") { _ in
    let tensors = [
      SafetensorsTensor("a.weight", [Float](repeating: 1, count: 6), shape: [2, 3]),
      SafetensorsTensor("b", bytes: [0, 63, 128, 63], elementType: .bfloat16, shape: [2, 1]),
    ]
    return [try SafetensorsFile.encoded(tensors, metadata: ["format": "pt"])]
  } parse: { bytes, _ in
    let file = try SafetensorsFile(decoding: bytes, name: "input.safetensors")
    for name in file.names { _ = try file.tensor(name).floats() }
  }

  static let npy = FuzzTarget("npy") { _ in
    [
      NumPyArray([Float](repeating: 0.5, count: 12), shape: [1, 3, 2, 2]).encoded,
      NumPyArray([UInt8](0..<12), shape: [1, 2, 2, 3]).encoded, NumPyArray([Int64(3)]).encoded,
    ]
  } parse: { bytes, _ in
    try read(NumPyArray(decoding: bytes, name: "input.npy"))
  }

  static let npz = FuzzTarget("npz") { folder in
    let path = folder + "/seed.npz"
    try NumPyArchive.write(
      [
        ("arr_0", NumPyArray([UInt8](0..<12), shape: [1, 2, 2, 3])), ("b", NumPyArray([Float(1)])),
      ],
      to: path)
    return [try SoundFiles.bytes(of: path)]
  } parse: { bytes, folder in
    let path = folder + "/input.npz"
    try SoundFiles.overwrite(path, bytes)
    let archive = try NumPyArchive(contentsOf: path)
    for name in archive.names { try read(archive.array(name)) }
    let directory = try NumPyArchiveDirectory(contentsOf: path)
    for name in directory.names {
      let (elementType, shape) = try directory.header(of: name)
      let stream = try directory.stream(name)
      let count = shape.contains(0) ? 0 : min(shape.first ?? 1, 8)
      if elementType == .uint8 { _ = try stream.elements(count, as: UInt8.self) }
      if elementType == .float32 { _ = try directory.doubles(name, shape: shape) }
    }
  }

  private static func read(_ array: NumPyArray) throws {
    let elementCount =
      switch array.elementType {
      case .float32: try array.elements(as: Float.self).count
      case .uint8: try array.elements(as: UInt8.self).count
      case .int64: try array.elements(as: Int64.self).count
      default: array.withUnsafeBytes { $0.count / array.elementType.byteCount }
      }
    precondition(
      elementCount == array.elementCount, "\(elementCount) elements of \(array.elementCount)")
  }

  /// A shard beside a sound `dataset.json`.
  static let shard = FuzzTarget("shard", prepare: SoundFiles.makeDataset) { folder in
    [try SoundFiles.bytes(of: SoundFiles.shard(in: folder))]
  } parse: { bytes, folder in
    try SoundFiles.overwrite(SoundFiles.shard(in: folder), bytes)
    let dataset = try ImageDataset(folder: folder + "/set")
    for index in 0..<dataset.sampleCount {
      _ = try dataset.image.evaluationImage(of: dataset.sample(at: index), size: 8)
    }
  }

  static let codes = FuzzTarget("codes") { folder in
    try SoundFiles.makeCodes(folder + "/seed.h5")
    return [try SoundFiles.bytes(of: folder + "/seed.h5")]
  } parse: { bytes, folder in
    let path = folder + "/input.h5"
    try SoundFiles.overwrite(path, bytes)
    let file = try CodesFile(path: path)
    _ = try file.keys()
    for index in 0..<min(file.sampleCount, 8) { _ = try file.codes(at: index) }
  }

  /// A checkpoint's file beside a sound `manifest.json`.
  static let checkpoint = FuzzTarget("checkpoint", prepare: SoundFiles.makeCheckpoint) { folder in
    [try SoundFiles.bytes(of: SoundFiles.checkpoint(in: folder) + "/model.h5")]
  } parse: { bytes, folder in
    let directory = SoundFiles.checkpoint(in: folder)
    try SoundFiles.overwrite(directory + "/model.h5", bytes)
    try SoundFiles.readCheckpoint(directory)
  }
}
