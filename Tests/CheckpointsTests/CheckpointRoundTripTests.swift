import ArrayFiles
import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("Checkpoints: what is written is read")
struct CheckpointRoundTripTests {
  @Test func everyTensor() throws {
    try withTemporaryDirectory { root in
      let written = try CheckpointStore(root: root + "/checkpoints").write(step: 5000)
      #expect(written.directory == root + "/checkpoints/step-000005000")
      let checkpoint = try Checkpoint(directory: written.directory)
      #expect(checkpoint.manifest.step == 5000)
      #expect(checkpoint.manifest.kind == .tokenizer)
      #expect(checkpoint.manifest.pins == description.pins)
      #expect(checkpoint.fileNames == ["model.h5", "optimizer.h5"])
      for (file, arrays) in files(step: 5000) {
        #expect(try checkpoint.tensors(in: file).map(\.name) == arrays.map(\.name))
        for array in arrays {
          let read = try checkpoint.read(array.name, from: file)
          #expect(read.shape == array.shape)
          #expect(read.elements.map(\.bitPattern) == array.elements.map(\.bitPattern))
        }
      }
    }
  }

  @Test func aDottedNameIsOneDatasetWithChecksums() throws {
    try withTemporaryDirectory { root in
      let written = try CheckpointStore(root: root).write(step: 1)
      let file = try HDF5File(reading: written.directory + "/model.h5")
      #expect(
        try file.datasetNames() == ["encoder.blocks.0.bias", "encoder.blocks.0.weight", "scale"])
      #expect(try file.dataset("encoder.blocks.0.weight").hasChecksum)
      #expect(try file.dataset("encoder.blocks.0.weight").elementType == .float32)
    }
  }

  @Test func equalStatesGiveEqualBytes() throws {
    try withTemporaryDirectory { root in
      let first = try CheckpointStore(root: root + "/first").write(step: 3)
      let second = try CheckpointStore(root: root + "/second").write(step: 3)
      #expect(try contents(of: first.directory) == contents(of: second.directory))
      let other = try CheckpointStore(root: root + "/second").write(step: 4)
      #expect(first.manifest.digest != other.manifest.digest)
    }
  }

  @Test func streaming() throws {
    try withTemporaryDirectory { root in
      let elements: [Float] = [1, 2, 3, 4]
      let checkpoint = try CheckpointStore(root: root).write(step: 0, description: description) {
        try $0.write(file: "ema.h5") { file in
          try elements.withUnsafeBytes { try file.write("x", shape: [2, 2], bytes: $0) }
        }
      }
      var read = [Float](repeating: 0, count: 4)
      try read.withUnsafeMutableBytes { try checkpoint.read("x", from: "ema.h5", into: $0) }
      #expect(read == elements)
      var short = [Float](repeating: 0, count: 3)
      let error = try #require(throws: CheckpointError.self) {
        try short.withUnsafeMutableBytes { try checkpoint.read("x", from: "ema.h5", into: $0) }
      }
      #expect(error.description.contains("has 4 elements, the model 3"))
    }
  }

  @Test func whatIsNotThere() throws {
    try withTemporaryDirectory { root in
      let checkpoint = try CheckpointStore(root: root).write(step: 1)
      #expect(throws: CheckpointError.self) { try checkpoint.read("scale", from: "ema.h5") }
      let error = try #require(throws: CheckpointError.self) {
        try checkpoint.read("decoder.weight", from: "model.h5")
      }
      #expect(error.description.contains("decoder.weight"))
      #expect(error.description.contains("model.h5"))
      #expect(throws: CheckpointError.noManifest(directory: root)) {
        try Checkpoint(directory: root)
      }
    }
  }

  @Test func noCheckpointYet() throws {
    try withTemporaryDirectory { root in
      let latest = try CheckpointStore(root: root + "/checkpoints").latest()
      #expect(latest.checkpoint == nil)
      #expect(latest.rejected.isEmpty)
      try AtomicFile.write([1], to: root + "/file")
      #expect(throws: FileError.self) { try CheckpointStore(root: root + "/file").latest() }
      #expect(throws: FileError.self) { try CheckpointStore(root: root + "/file").write(step: 1) }
    }
  }

  @Test func namesThatAreNoCheckpoints() throws {
    try withTemporaryDirectory { root in
      let store = CheckpointStore(root: root)
      try store.write(step: 7)
      for name in ["step-", "step-x", "step-+9", "stepping", "tmp-step-000000009-1f"] {
        try FileSystem.createDirectory(root + "/" + name)
      }
      let latest = try store.latest()
      #expect(latest.checkpoint?.manifest.step == 7)
      #expect(latest.rejected.isEmpty)
      // Reading leaves the unfinished one alone, for it may be another process's; writing does not.
      #expect(try FileSystem.names(in: root).contains("tmp-step-000000009-1f"))
      try store.write(step: 8)
      #expect(try !FileSystem.names(in: root).contains { $0.hasPrefix("tmp-") })
    }
  }

  @Test func stepsBeyondNineDigitsAreOrdered() throws {
    try withTemporaryDirectory { root in
      let store = CheckpointStore(root: root)
      try store.write(step: 1_000_000_000)
      try store.write(step: 999_999_999)
      #expect(try latestStep(root) == 1_000_000_000)
    }
  }

  @Test func theSameStepAgain() throws {
    try withTemporaryDirectory { root in
      let store = CheckpointStore(root: root)
      let first = try store.write(step: 1)
      let content = try contents(of: first.directory)
      try store.write(step: 1)
      #expect(try contents(of: first.directory) == content)
      #expect(throws: CheckpointError.occupied(directory: first.directory)) {
        try store.write(step: 1, description: description, files: files(step: 2))
      }
      #expect(try contents(of: first.directory) == content)

      try overwrite(first.directory + "/model.h5", [1, 2, 3])
      try store.write(step: 1)
      #expect(try contents(of: first.directory) == content)
      #expect(try FileSystem.names(in: root) == ["step-000000001"])
    }
  }

  @Test func namesThatCannotBePublished() async {
    let root = NSTemporaryDirectory() + "/test-" + UUID().uuidString
    defer { try? FileSystem.remove(root) }
    await #expect(processExitsWith: .failure) { [root = root as String] in
      try CheckpointStore(root: root).write(
        step: 1, description: description,
        files: ["model.h5": [NamedArray(name: "a/b", shape: [], elements: [1])]])
    }
  }
}
