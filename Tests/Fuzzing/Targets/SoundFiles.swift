import ArrayFiles
import Checkpoints
import Datasets
import Foundation
import ImageFiles

/// Small sound files of the program's own, and ways to damage them.
enum SoundFiles {
  static func bytes(of path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// Replaces a file's content in place; damage is not careful.
  static func overwrite(_ path: String, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  /// A data set of six images of two classes in `set`.
  @Sendable static func makeDataset(_ folder: String) throws {
    for (index, name) in ["a", "b"].enumerated() {
      try FileSystem.createDirectory("\(folder)/images/\(name)")
      for number in 0..<3 {
        let image = RGBImage(height: 8, width: 8, filledWith: UInt8(index * 100 + number))
        try image.writePNG(to: "\(folder)/images/\(name)/\(number).png")
      }
    }
    try ImagePacking(storage: .square(size: 8)).pack(folder + "/images", to: folder + "/set")
  }

  /// The one shard of the data set.
  static func shard(in folder: String) throws -> String {
    let names = try FileSystem.names(in: folder + "/set")
    return folder + "/set/" + (names.first { $0.hasSuffix(".h5") } ?? "")
  }

  static func makeCodes(_ path: String) throws {
    let writer = try CodesWriter(
      path: path,
      description: CodesDescription(
        sampleCount: 4, cropCount: 1, tokenCount: 4, vocabularySize: 16, classCount: 2,
        tokenizerDigest: "xxh64:0123456789abcdef",
        cropRecipeDigest: CropRecipe.centre.digest(size: 8)))
    try writer.write(
      (0..<16).map(UInt16.init), labels: [0, 1, 0, 1], keys: ["a/0", "b/0", "a/1", "b/1"], at: 0)
    try writer.publish()
  }

  static func checkpoint(in folder: String) -> String {
    folder + "/checkpoints/" + CheckpointStore.name(step: 3)
  }

  @Sendable static func makeCheckpoint(_ folder: String) throws {
    let description = CheckpointDescription(
      kind: .tokenizer, configurationDigest: "00000000000000aa",
      replicaDigest: "00000000000000bb", pins: ["lanes": "4"])
    try CheckpointStore(root: folder + "/checkpoints").write(
      step: 3, description: description,
      files: [
        "model.h5": [
          NamedArray(name: "a.weight", shape: [4, 6], elements: (0..<24).map(Float.init)),
          NamedArray(name: "scale", shape: [], elements: [2]),
        ]
      ])
  }

  /// Opens a checkpoint, verifies it and reads its arrays.
  static func readCheckpoint(_ directory: String) throws {
    // What it finds does not keep the arrays from being read: not every command verifies.
    _ = CheckpointVerification(of: directory)
    let checkpoint = try Checkpoint(directory: directory)
    for file in checkpoint.manifest.files.map(\.name) {
      for tensor in try checkpoint.tensors(in: file) {
        _ = try checkpoint.read(tensor.name, from: file)
      }
    }
  }
}
