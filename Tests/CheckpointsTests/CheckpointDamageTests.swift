import ArrayFiles
import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("Checkpoints: damage is found, named, and stepped over")
struct CheckpointDamageTests {
  /// A store with checkpoints of steps 1 and 2; `body` damages that of step 2.
  private func afterDamage(
    _ damage: (_ directory: String) throws -> Void,
    _ check: (CheckpointVerification) throws -> Void = { _ in }
  ) throws {
    try withTemporaryDirectory { root in
      let store = CheckpointStore(root: root)
      try store.write(step: 1)
      let directory = try store.write(step: 2).directory
      #expect(CheckpointVerification(of: directory).isSound)
      try damage(directory)
      let verification = CheckpointVerification(of: directory)
      #expect(!verification.isSound)
      #expect(throws: CheckpointError.self) { try verification.requireSound() }
      let latest = try store.latest()
      #expect(latest.checkpoint?.manifest.step == 1)
      #expect(latest.rejected == [verification])
      try check(verification)
    }
  }

  @Test func aFlippedByteAnywhere() throws {
    try withTemporaryDirectory { root in
      let directory = try CheckpointStore(root: root).write(step: 2).directory
      for (name, content) in try contents(of: directory) {
        let path = directory + "/" + name
        // Every byte of the manifest, and bytes all over the others.
        for place in stride(from: 0, to: content.count, by: name.hasSuffix(".json") ? 1 : 101) {
          var damaged = content
          damaged[place] ^= 1 << UInt8(place % 8)
          try overwrite(path, damaged)
          #expect(!CheckpointVerification(of: directory).isSound, "\(name), byte \(place)")
        }
        try overwrite(path, content)
      }
      #expect(CheckpointVerification(of: directory).isSound)
    }
  }

  @Test func aDirectoryThatIsNoCheckpointIsNotCalledDamaged() throws {
    try withTemporaryDirectory { directory in
      let verification = CheckpointVerification(of: directory)
      let error = #expect(throws: CheckpointError.self) { try verification.requireSound() }
      let text = "\(try #require(error))"
      #expect(text.contains("no finished checkpoint") && text.contains(directory))
      #expect(!text.contains("is damaged") && !text.contains(".."))
    }
  }

  @Test func aFlippedElementNamesItsTensor() throws {
    try afterDamage { directory in
      let path = directory + "/model.h5"
      var content = try bytes(of: path)
      let pattern = withUnsafeBytes(of: Float(2 + 123.0 / 8)) { [UInt8]($0) }
      let place = try #require(
        content.indices.dropLast(4).first { Array(content[$0..<$0 + 4]) == pattern })
      content[place] ^= 4
      try overwrite(path, content)
    } _: { verification in
      let text = verification.problems.map(\.description).joined(separator: "\n")
      #expect(verification.problems.count == 2)
      #expect(text.contains("model.h5 has digest"))
      #expect(text.contains("model.h5 'encoder.blocks.0.weight' cannot be read"))
      #expect(text.contains("Fletcher32"))
    }
  }

  @Test func aMissingFile() throws {
    try afterDamage {
      try FileSystem.remove($0 + "/optimizer.h5")
    } _: {
      #expect($0.problems == [.missingFile("optimizer.h5")])
    }
  }

  @Test func aFileTooMany() throws {
    try afterDamage {
      try AtomicFile.write([1], to: $0 + "/other")
    } _: {
      #expect($0.problems == [.unexpectedFile("other")])
    }
  }

  @Test func aTruncatedFile() throws {
    try afterDamage { directory in
      let path = directory + "/model.h5"
      try overwrite(path, Array(try bytes(of: path).dropLast(8)))
    } _: { verification in
      guard case .size("model.h5", let expected, let found) = verification.problems.first else {
        Issue.record("\(verification.problems)")
        return
      }
      #expect(found == expected - 8)
    }
  }

  @Test func aMissingManifest() throws {
    try afterDamage {
      try FileSystem.remove($0 + "/manifest.json")
    } _: {
      #expect($0.manifest == nil)
    }
  }

  @Test func aTruncatedManifest() throws {
    try withTemporaryDirectory { root in
      let directory = try CheckpointStore(root: root).write(step: 2).directory
      let content = try bytes(of: directory + "/manifest.json")
      for count in 0..<content.count {
        try overwrite(directory + "/manifest.json", Array(content.prefix(count)))
        #expect(throws: CheckpointError.self, "\(count) bytes") {
          try Checkpoint(directory: directory)
        }
      }
    }
  }

  @Test func anotherVersion() throws {
    try afterDamage { directory in
      try overwrite(directory + "/manifest.json", Array(#"{"format_version": 3}"#.utf8))
      #expect(
        throws: CheckpointError.unsupportedVersion(directory: directory, expected: 2, found: 3)
      ) { try Checkpoint(directory: directory) }
    }
  }

  @Test func aRenamedCheckpoint() throws {
    try withTemporaryDirectory { root in
      let store = CheckpointStore(root: root)
      try store.write(step: 1)
      try store.write(step: 2)
      try FileSystem.rename(store.directory(step: 2), to: store.directory(step: 3))
      let latest = try store.latest()
      #expect(latest.checkpoint?.manifest.step == 1)
      #expect(latest.rejected.map(\.problems) == [[.step(expected: 3, found: 2)]])
    }
  }

  @Test func aFileInThePlaceOfACheckpoint() throws {
    try withTemporaryDirectory { root in
      let store = CheckpointStore(root: root)
      try store.write(step: 1)
      try AtomicFile.write([1], to: store.directory(step: 2))
      try FileSystem.createDirectory(store.directory(step: 3))
      let latest = try store.latest()
      #expect(latest.checkpoint?.manifest.step == 1)
      #expect(latest.rejected.count == 2)
    }
  }

  /// Writes model.h5 anew: a sound HDF5 file of other content.
  private func rewrite(_ directory: String, _ arrays: [NamedArray]) throws {
    let file = try HDF5File(creating: directory + "/model.h5")
    for array in arrays { try file.write(array.name, array.elements, shape: array.shape) }
    try file.close()
  }

  @Test func otherTensors() throws {
    let arrays = try #require(files(step: 2)["model.h5"])
    var changed = arrays
    changed[2] = NamedArray(name: "scale", shape: [], elements: [99])
    try afterDamage { directory in
      try rewrite(directory, changed)
      let checkpoint = try Checkpoint(directory: directory)
      let error = try #require(throws: CheckpointError.self) {
        try checkpoint.read("scale", from: "model.h5")
      }
      #expect(error.description.contains("model.h5 'scale' has digest"))
      #expect(try checkpoint.read("encoder.blocks.0.weight", from: "model.h5") == arrays[0])
    } _: { verification in
      #expect(
        verification.problems.contains {
          if case .tensorDigest("model.h5", "scale", _, _) = $0 { true } else { false }
        })
    }

    changed[2] = NamedArray(name: "scale", shape: [1], elements: [2])
    try afterDamage {
      try rewrite($0, changed)
    } _: {
      #expect(
        $0.problems.contains(
          .shape(file: "model.h5", tensor: "scale", expected: [], found: [1])))
    }
    changed[2] = NamedArray(name: "other", shape: [], elements: [2])
    try afterDamage {
      try rewrite($0, changed)
    } _: {
      #expect($0.problems.contains(.missingTensor(file: "model.h5", tensor: "scale")))
      #expect($0.problems.contains(.unexpectedTensor(file: "model.h5", tensor: "other")))
    }
  }
}
