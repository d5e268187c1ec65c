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
          let verification = CheckpointVerification(of: directory)
          // Nor may a flipped version pass for that of a newer program.
          #expect(
            !verification.isSound && !verification.isOfNewerVersion, "\(name), byte \(place)")
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

  @Test func aFlippedElementNamesItsFile() throws {
    try afterDamage { directory in
      let path = directory + "/model.h5"
      var content = try bytes(of: path)
      let pattern = withUnsafeBytes(of: Float(2 + 123.0 / 8)) { [UInt8]($0) }
      let place = try #require(
        content.indices.dropLast(4).first { Array(content[$0..<$0 + 4]) == pattern })
      content[place] ^= 4
      try overwrite(path, content)
    } _: { verification in
      #expect(verification.problems.count == 1)
      #expect(verification.summary.contains("model.h5 has digest"))
    }
  }

  @Test func aMissingFile() throws {
    try afterDamage {
      try FileSystem.remove($0 + "/optimizer.h5")
    } _: {
      #expect($0.problems == [.missingFile("optimizer.h5")])
    }
  }

  @Test func aFileOfAnotherDigestIsNotOpened() throws {
    // Not HDF5: the library would say so, and is not asked, neither here nor when a tensor is read.
    try afterDamage { directory in
      let count = try bytes(of: directory + "/model.h5").count
      try overwrite(directory + "/model.h5", [UInt8](repeating: 7, count: count))
      let checkpoint = try Checkpoint(directory: directory)
      for _ in 0..<2 {
        let error = try #require(throws: CheckpointError.self) {
          try checkpoint.read("scale", from: "model.h5")
        }
        #expect("\(error)".contains("model.h5 has digest"))
      }
      #expect(try checkpoint.read("empty", from: "optimizer.h5").elements == [])
    } _: { verification in
      #expect(verification.problems.count == 1)
      guard case .content("model.h5", _) = verification.problems[0] else {
        Issue.record("\(verification.problems)")
        return
      }
    }
  }

  @Test func aFileThatChangesAfterTheVerificationIsComparedAgain() throws {
    try withTemporaryDirectory { root in
      let store = CheckpointStore(root: root)
      try store.write(step: 2)
      let checkpoint = try #require(try store.latest().checkpoint)
      let path = checkpoint.directory + "/model.h5"
      let content = try bytes(of: path)
      try overwrite(path, [UInt8](repeating: 7, count: content.count))
      #expect(throws: CheckpointError.self) { try checkpoint.read("scale", from: "model.h5") }
    }
  }

  @Test func aForeignFileIsNoDamage() throws {
    try withTemporaryDirectory { root in
      let store = CheckpointStore(root: root)
      try store.write(step: 1)
      let directory = try store.write(step: 2).directory
      let names = [".DS_Store", ".nfs0001", "lost+found", "model.h5~"]
      for name in names where name != "lost+found" {
        try AtomicFile.write([1], to: directory + "/" + name)
      }
      try FileSystem.createDirectory(directory + "/lost+found")
      let verification = CheckpointVerification(of: directory)
      #expect(verification.isSound)
      #expect(verification.foreignNames == names)
      let latest = try store.latest()
      #expect(latest.checkpoint?.manifest.step == 2)
      #expect(latest.rejected.isEmpty)
      // The same step written again is kept as it is.
      try store.write(step: 2)
      #expect(CheckpointVerification(of: directory).foreignNames == names)
    }
  }

  @Test func aTruncatedFile() throws {
    try afterDamage { directory in
      let path = directory + "/model.h5"
      try overwrite(path, Array(try bytes(of: path).dropLast(8)))
    } _: { verification in
      guard case .content("model.h5", let mismatch) = verification.problems.first else {
        Issue.record("\(verification.problems)")
        return
      }
      #expect(mismatch.expected.hasSuffix(" bytes") && mismatch.found.hasSuffix(" bytes"))
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

  /// The manifest of a checkpoint as a program of format version 3 might write it, with its digest.
  private func newerManifest(of directory: String) throws -> [UInt8] {
    let old = try CheckpointManifest(directory: directory).digest
    let text = String(decoding: try bytes(of: directory + "/manifest.json"), as: UTF8.self)
      .replacing("\"format_version\" : 2", with: "\"format_version\" : 3")
    let digest = try #require(
      EmbeddedDigest.value(of: Array(text.utf8.dropLast()), without: old))
    return Array(text.replacing(old, with: digest).utf8)
  }

  @Test func aNewerVersionIsNeitherDamagedNorPassedOverNorReplaced() throws {
    try withTemporaryDirectory { root in
      let store = CheckpointStore(root: root)
      try store.write(step: 1)
      let directory = try store.write(step: 2).directory
      let manifest = try newerManifest(of: directory)
      try overwrite(directory + "/manifest.json", manifest)
      let expected = CheckpointError.unsupportedVersion(
        directory: directory, expected: 2, found: 3)
      #expect(throws: expected) { try Checkpoint(directory: directory) }
      #expect(throws: expected) { try store.latest() }
      #expect(throws: expected) { try store.write(step: 2) }
      #expect(try bytes(of: directory + "/manifest.json") == manifest)
      #expect(CheckpointVerification(of: directory).isOfNewerVersion)
      try FileSystem.rename(directory, to: root + "/kept")
      #expect(try store.latest().checkpoint?.manifest.step == 1)
    }
  }

  @Test(arguments: [0, -1, .min])
  func aVersionThatNeverWasIsDamage(version: Int) throws {
    try afterDamage { directory in
      try overwrite(
        directory + "/manifest.json", Array("{\"format_version\": \(version)}".utf8))
    } _: {
      #expect(!$0.isOfNewerVersion)
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

  /// Writes model.h5 anew: a sound HDF5 file of other content, of which the manifest says size and
  /// digest.
  private func rewrite(_ directory: String, _ arrays: [NamedArray]) throws {
    let path = directory + "/model.h5"
    let manifest = try CheckpointManifest(directory: directory)
    let old = try #require(manifest.files.first { $0.name == "model.h5" })
    let file = try HDF5File(creating: path)
    for array in arrays { try file.write(array.name, array.elements, shape: array.shape) }
    try file.close()
    let record = try ContentRecord(ofFile: path)
    try forgeManifest(
      directory,
      [
        (old.digest, record.digest),
        (
          "\"name\" : \"model.h5\",\n      \"size\" : \(old.size)",
          "\"name\" : \"model.h5\",\n      \"size\" : \(record.byteCount)"
        ),
      ])
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
      #expect(verification.problems.count == 1)
      guard case .tensorDigest("model.h5", "scale", _, _) = verification.problems.first else {
        Issue.record("\(verification.problems)")
        return
      }
    }

    changed[2] = NamedArray(name: "scale", shape: [1], elements: [2])
    try afterDamage {
      try rewrite($0, changed)
    } _: {
      #expect(
        $0.problems == [.shape(file: "model.h5", tensor: "scale", expected: [], found: [1])])
    }
    changed[2] = NamedArray(name: "other", shape: [], elements: [2])
    try afterDamage {
      try rewrite($0, changed)
    } _: {
      #expect(
        $0.problems == [
          .unexpectedTensor(file: "model.h5", tensor: "other"),
          .missingTensor(file: "model.h5", tensor: "scale"),
        ])
    }
  }

  @Test(arguments: [
    ("\"step\" : 2", "\"step\" : 9223372036854775807"), ("\"step\" : 2", "\"step\" : -1"),
    ("30,", "4611686018427387904,"), ("30,", "9223372036854775807,"),
    ("30,", "-9223372036854775808,"), ("30,", "3000000,"),
    ("\"name\" : \"model.h5\"", "\"name\" : \"../model.h5\""),
    ("\"name\" : \"model.h5\"", "\"name\" : \"..\""),
    ("\"networks\" : [", "\"networks\" : [{\"name\": \"a\", \"step_count\": -3}"),
  ])
  func numbersThatCannotBe(text: String, forged: String) throws {
    try afterDamage { directory in
      try forgeManifest(directory, [(text, forged)])
      let error = try #require(throws: CheckpointError.self) {
        try Checkpoint(directory: directory)
      }
      guard case .damagedManifest(directory, let reason) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(!reason.contains("digest"), "\(reason)")
    }
  }
}
