import ArrayFiles
import Datasets
import Foundation
import TestSupport
import Testing

@Suite struct DamagedDatasetTests {
  /// Packs seven images of 8 x 8 into two shards of 4 and 3.
  private func withDataset(_ body: (_ folder: String) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      _ = try makeImageFolder(folder + "/images")
      try FolderPacking(storage: .square(size: 8), shardByteCount: 4 * 192).pack(
        folder + "/images", to: folder + "/data")
      try body(folder + "/data")
    }
  }

  private func sampleError(_ folder: String, _ index: Int) -> DataError? {
    do {
      _ = try ImageDataset(folder: folder).sample(at: index)
      return nil
    } catch {
      return error
    }
  }

  @Test func anIntactDatasetVerifiesAndTellsWhatItHolds() throws {
    try withDataset { folder in
      var calls: [Int] = []
      let verification = try DatasetVerification(folder: folder) { done, count in
        calls.append(done)
        #expect(count == 7)
      }
      #expect(verification.isIntact)
      #expect(verification.goodSampleCount == 7)
      #expect(calls == [4, 7])
      let information = try DatasetInformation(of: try ImageDataset(folder: folder))
      #expect(information.classes.map(\.name) == ["Zebra", "ant", "bee"])
      #expect(information.classes.map(\.sampleCount) == [2, 3, 2])
      #expect(information.imageByteCount == 7 * 192)
      #expect(information.fileByteCount > 7 * 192)
    }
  }

  @Test func aFlippedByteIsFoundAndLocated() throws {
    try withDataset { folder in
      let path = folder + "/shard-00001.h5"
      let sample = try ImageDataset(folder: folder).sample(at: 5)
      try modify(path) { bytes in
        let at = bytes.indices.first { bytes[$0...].starts(with: sample.bytes) }
        bytes[at ?? 0] ^= 1
      }
      let error = try #require(sampleError(folder, 5))
      #expect(error.file == path)
      #expect(error.dataset == "bytes")
      #expect(error.description.contains(path))
      #expect(sampleError(folder, 3) != nil)  // The block of 3 reaches into the second shard.
      let verification = try DatasetVerification(folder: folder)
      #expect(verification.goodSampleCount == 4)
      #expect(verification.problems.count == 2)
      #expect(verification.problems.first?.problem.contains("digest") == true)
      #expect(verification.problems.allSatisfy { $0.file == path })
    }
  }

  @Test func missingAndTruncatedShardsAreNamed() throws {
    try withDataset { folder in
      let path = folder + "/shard-00001.h5"
      try modify(path) { $0.removeLast(100) }
      #expect(sampleError(folder, 0)?.description.contains("the manifest says") == true)
      #expect(sampleError(folder, 0)?.file == path)
      try FileManager.default.removeItem(atPath: path)
      #expect(sampleError(folder, 0)?.problem.contains("missing") == true)
    }
  }

  @Test func aLowerLayersErrorGivesOneAdvice() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/shard.h5"
      try Data("no shard".utf8).write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: DataError.self) { try ShardReader(path: path) }
      let text = "\(try #require(error))"
      #expect(text.hasSuffix("file signature not found. \(try #require(error).advice)"), "\(text)")
    }
  }

  @Test func manifestsThatAreNoneAreNamed() throws {
    try withDataset { folder in
      let path = folder + "/dataset.json"
      for (text, other, expected) in [
        ("\"format_version\" : 1", "\"format_version\" : 2", "version 1"),
        ("\"sample_count\" : 7", "\"sample_count\" : 8", "the shards have 7"),
        ("\"rgb8\"", "\"rgb16\"", "'encoded'"),
        ("\"classes\"", "\"klasses\"", "'classes' is missing"),
        ("\"restok-dataset\"", "\"other\"", "'restok-dataset'"),
        ("}", "", "manifest is not as expected"),
      ] {
        let original = try String(contentsOfFile: path, encoding: .utf8)
        try replace(text, by: other, in: path)
        let error = try #require(sampleError(folder, 0))
        #expect(error.file == path)
        #expect(error.problem.contains(expected), "\(error)")
        try original.write(toFile: path, atomically: true, encoding: .utf8)
      }
      #expect(sampleError(folder, 0) == nil)
      #expect(sampleError(folder + "/nowhere", 0)?.problem.contains("cannot be read") == true)
    }
  }

  /// What a shard that was written wrongly holds.
  private struct Forgery {
    var offsets: [UInt64] = [0, 192, 384, 576, 768]
    var labels: [Int32] = [0, 1, 2, 0]
    var keyCount = 4
    var height: Int64 = 8
    var version: Int64 = 1

    func write(to path: String) throws {
      let file = try HDF5File(creating: path)
      try file.attributes.set("format", .string("restok-shard"))
      try file.attributes.set("format_version", .integer(version))
      try file.attributes.set("sample_count", .integer(4))
      try file.attributes.set("image_kind", .string("rgb8"))
      try file.attributes.set("height", .integer(height))
      try file.attributes.set("width", .integer(8))
      try file.write("bytes", [UInt8](repeating: 1, count: 768))
      try file.write("offsets", offsets)
      try file.write("labels", labels)
      try file.write("keys", strings: (0..<keyCount).map { "key-\($0)" })
      try file.close()
    }
  }

  /// Puts a forged first shard into a data set, with a manifest that agrees.
  private func forge(_ forgery: Forgery, in folder: String) throws {
    let path = folder + "/shard-00000.h5"
    let shard = try DatasetManifest(folder: folder).shards[0]
    try forgery.write(to: path)
    let size = try Data(contentsOf: URL(fileURLWithPath: path)).count
    let digest = "xxh64:" + (try ContentDigest.ofFile(at: path).hexadecimal)
    try replace(shard.digest, by: digest, in: folder + "/dataset.json")
    if size != shard.byteSize {
      let manifest = folder + "/dataset.json"
      let content = try String(contentsOfFile: manifest, encoding: .utf8)
      let first = try #require(content.range(of: "\"byte_size\" : \(shard.byteSize)"))
      try content.replacingCharacters(in: first, with: "\"byte_size\" : \(size)").write(
        toFile: manifest, atomically: true, encoding: .utf8)
    }
  }

  @Test func shardsThatContradictThemselvesAreNamed() throws {
    for (forgery, dataset, index, text) in [
      (Forgery(), nil, nil, nil),
      (Forgery(labels: [0, 1, 3, 0]), "labels", 2, "expected 0 ... 2"),
      (Forgery(labels: [0, -1, 2, 0]), "labels", 1, "the label is -1"),
      (Forgery(labels: [0, 1, 2]), "labels", nil, "3 samples"),
      (Forgery(keyCount: 3), "keys", nil, "3 samples"),
      (Forgery(offsets: [0, 192, 192, 576, 768]), "offsets", 1, "must rise"),
      (Forgery(offsets: [0, 192, 380, 576, 768]), "offsets", 1, "188 bytes"),
      (Forgery(offsets: [5, 192, 384, 576, 768]), "offsets", 0, "expected 0"),
      (Forgery(offsets: [0, 192, 384, 576, 769]), "offsets", 3, "193 bytes"),
      (Forgery(height: 7), "offsets", 0, "expected 168"),
      (Forgery(version: 9), nil, nil, "version 9"),
    ] as [(Forgery, String?, Int?, String?)] {
      try withDataset { folder in
        try forge(forgery, in: folder)
        let error = sampleError(folder, 0)
        #expect((error == nil) == (text == nil))
        guard let error, let text else { return }
        #expect(error.file == folder + "/shard-00000.h5")
        #expect(error.dataset == dataset, "\(error)")
        #expect(error.index == index, "\(error)")
        #expect(error.problem.contains(text), "\(error)")
        let verification = try DatasetVerification(folder: folder)
        #expect(verification.problems == [error])
        #expect(verification.goodSampleCount == 3)
      }
    }
  }

  @Test func anEncodedImageThatDoesNotDecodeIsLocated() throws {
    try withTemporaryDirectory { folder in
      _ = try makeImageFolder(folder + "/images")
      try FolderPacking(storage: .file).pack(folder + "/images", to: folder + "/data")
      var sample = try ImageDataset(folder: folder + "/data").sample(at: 2)
      sample.bytes.removeLast(30)
      let error = #expect(throws: DataError.self) { try ImageKind.encoded.image(of: sample) }
      #expect(error?.file == folder + "/data/shard-00000.h5")
      #expect(error?.index == 2)
      #expect(error?.key == sample.key)
    }
  }
}
