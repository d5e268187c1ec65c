import ArrayFiles
import Checkpoints
import Foundation

/// What the tests' failpoints throw.
struct Interruption: Error {}

/// A description that no test looks into.
let description = CheckpointDescription(
  kind: .tokenizer, configurationDigest: "00000000000000aa", replicaDigest: "00000000000000bb",
  pins: ["threads": "2", "lanes": "4", "instruction_set": "avx512"])

/// The files of a small training state that differs from step to step.
func files(step: Int) -> [String: [NamedArray]] {
  let weights = (0..<300).map { Float(step) + Float($0) / 8 }
  return [
    "model.h5": [
      NamedArray(name: "encoder.blocks.0.weight", shape: [30, 10], elements: weights),
      NamedArray(name: "encoder.blocks.0.bias", shape: [3], elements: [1, .nan, -0]),
      NamedArray(name: "scale", shape: [], elements: [Float(step)]),
    ],
    "optimizer.h5": [
      NamedArray(name: "encoder.blocks.0.weight", shape: [300], elements: weights.reversed()),
      NamedArray(name: "empty", shape: [0, 3], elements: []),
    ],
  ]
}

extension CheckpointStore {
  /// Writes the small training state of a step.
  @discardableResult
  func write(step: Int) throws -> Checkpoint {
    try write(step: step, description: description, files: files(step: step))
  }

  /// The directory of a step.
  func directory(step: Int) -> String { root + "/" + Self.name(step: step) }
}

/// The step of the newest sound checkpoint.
func latestStep(_ root: String) throws -> Int? {
  try CheckpointStore(root: root).latest().checkpoint?.manifest.step
}

/// The bytes of a file.
func bytes(of path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// Writes bytes to a file without any care, as damage does.
func overwrite(_ path: String, _ bytes: [UInt8]) throws {
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

/// The bytes of every file of a directory.
func contents(of directory: String) throws -> [String: [UInt8]] {
  try FileSystem.names(in: directory).reduce(into: [:]) {
    $0[$1] = try bytes(of: directory + "/" + $1)
  }
}

/// Changes a manifest as nobody but an enemy does: with a digest of its own that is right.
func forgeManifest(_ directory: String, _ changes: [(text: String, forged: String)]) throws {
  let path = directory + "/manifest.json"
  let digest = try CheckpointManifest(directory: directory).digest
  var text = try String(contentsOfFile: path, encoding: .utf8)
  for (old, forged) in changes {
    guard let place = text.range(of: old) else { throw ForgeryError(text: old) }
    text.replaceSubrange(place, with: forged)
  }
  let line = Array(text.utf8.dropLast())
  guard let forged = EmbeddedDigest.value(of: line, without: digest) else {
    throw ForgeryError(text: digest)
  }
  text = text.replacingOccurrences(of: digest, with: forged)
  try overwrite(path, Array(text.utf8))
}

/// A text that is not in the manifest.
struct ForgeryError: Error {
  let text: String
}
