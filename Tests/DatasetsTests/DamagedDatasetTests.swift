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
      try ImagePacking(storage: .square(size: 8), shardByteCount: 4 * 192).pack(
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

  /// A disk that is away for a moment costs the samples of that moment alone.
  @Test func whatTheSystemCannotReadNowIsReadLater() throws {
    try withDataset { folder in
      let dataset = try ImageDataset(folder: folder, blockSampleCount: 1)
      let (path, away) = (folder + "/shard-00000.h5", folder + "/away.h5")
      try FileManager.default.moveItem(atPath: path, toPath: away)
      #expect(throws: DataError.self) { try dataset.sample(at: 0) }
      try FileManager.default.moveItem(atPath: away, toPath: path)
      #expect(try dataset.sample(at: 0) == ImageDataset(folder: folder).sample(at: 0))
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
      #expect(error.problem.contains("digest"))
      #expect(error.description.contains(path))
      #expect(sampleError(folder, 3) != nil)  // The block of 3 reaches into the second shard.
      let verification = try DatasetVerification(folder: folder)
      #expect(verification.goodSampleCount == 4)
      #expect(verification.problems == [error])
      #expect(throws: error) { try DatasetInformation(of: ImageDataset(folder: folder)) }
      // With a digest that agrees, the chunk's checksum finds it.
      try agree(with: path, in: folder)
      #expect(sampleError(folder, 5)?.dataset == "bytes")
      #expect(try DatasetVerification(folder: folder).goodSampleCount == 4)
    }
  }

  @Test func aShardOfAnotherDigestIsNotOpened() throws {
    try withDataset { folder in
      // No HDF5 at all: the library would say so, and is not asked.
      let path = folder + "/shard-00000.h5"
      try modify(path) { bytes in bytes = [UInt8](repeating: 7, count: bytes.count) }
      let error = try #require(sampleError(folder, 0))
      #expect(error.problem.contains("digest") && !error.problem.contains("signature"))
      #expect(try DatasetVerification(folder: folder).problems == [error])
    }
  }

  @Test func aShardIsComparedOnceAndAgainWhenItChanges() throws {
    try withDataset { folder in
      let dataset = try ImageDataset(folder: folder, blockSampleCount: 1, cacheByteCount: 1)
      let path = folder + "/shard-00000.h5"
      let first = try dataset.sample(at: 0)
      #expect(try dataset.sample(at: 0) == first)
      // The shard is open: what is read from it now has checksums only.
      #expect(try dataset.shard(0) === dataset.shard(0))
      let reader = try dataset.shard(0)
      var wrong = dataset.manifest.shards[0]
      wrong.digest = "xxh64:0000000000000000"
      #expect(throws: DataError.self) { try ShardReader(path: path, expected: wrong) }
      #expect(
        try ShardReader(path: path, expected: wrong, comparedBefore: reader.identity).sampleCount
          == 4)
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
    try withDataset { folder in
      let path = folder + "/shard-00000.h5"
      try Data("no shard".utf8).write(to: URL(fileURLWithPath: path))
      try agree(with: path, in: folder)
      let error = try #require(sampleError(folder, 0))
      #expect("\(error)".hasSuffix("file signature not found. \(error.advice)"), "\(error)")
    }
  }

  @Test func manifestsThatAreNoneAreNamed() throws {
    try withDataset { folder in
      let path = folder + "/dataset.json"
      for (text, other, expected) in [
        ("\"format_version\" : 2", "\"format_version\" : 4", "version 1 to 3"),
        ("\"format_version\" : 2", "\"format_version\" : 0", "version 1 to 3"),
        ("\"sample_count\" : 7", "\"sample_count\" : 8", "the shards have 7"),
        ("\"rgb8\"", "\"rgb16\"", "'encoded'"),
        ("\"classes\"", "\"klasses\"", "the field 'classes' is missing"),
        ("\"restok-dataset\"", "\"other\"", "'restok-dataset'"),
        ("}", "", "manifest is not as expected"),
        ("\"ant\"", "\"bat\"", "digest does not match"),
        ("\"manifest_digest\"", "\"manifest_digits\"", "digest does not match"),
        ("\"height\" : 8", "\"height\" : 4611686018427387904", "height is 4611686018427387904"),
        ("\"height\" : 8", "\"height\" : -8", "height is -8"),
        ("\"height\" : 8", "\"height\" : 178956970", "height x width"),
        ("\"sample_count\" : 4", "\"sample_count\" : 4611686018427387904", "samples in"),
        ("\"sample_count\" : 4", "\"sample_count\" : 99999999", "99999999 samples in"),
        ("\"sample_count\" : 4", "\"sample_count\" : 0", "0 samples in"),
        ("\"sample_count\" : 4", "\"sample_count\" : 9223372036854775808", "not as expected"),
        ("\"file\" : \"shard-00000.h5\"", "\"file\" : \"..\"", "not in the data set's folder"),
        ("xxh64:", "md5:", "none of XXH64"),
      ] {
        let original = try String(contentsOfFile: path, encoding: .utf8)
        try replace(text, by: other, in: path)
        let error = try #require(sampleError(folder, 0))
        #expect(error.file == path)
        #expect(error.problem.contains(expected), "\(error)")
        try original.write(toFile: path, atomically: true, encoding: .utf8)
      }
      #expect(sampleError(folder, 0) == nil)
      // The first format had no digest of the manifest; the program that wrote it is gone.
      try modify(path) { bytes in
        var text = String(decoding: bytes, as: UTF8.self)
        text.replace(/\s*"manifest_digest" : "[0-9a-f]{16}",/, with: "")
        text.replace("\"format_version\" : 2", with: "\"format_version\" : 1")
        bytes = Array(text.utf8)
      }
      #expect(sampleError(folder, 0) == nil)
      #expect(sampleError(folder + "/nowhere", 0)?.problem.contains("cannot be read") == true)
    }
  }

  @Test func countsThatWrapAreRefused() throws {
    try withDataset { folder in
      // Their sum in 64 bits would be the one that is announced.
      let path = folder + "/dataset.json"
      for size in Set(try DatasetManifest(folder: folder).shards.map(\.byteSize)) {
        try replace("\"byte_size\" : \(size)", by: "\"byte_size\" : \(Int.max)", in: path)
      }
      try replace("\"sample_count\" : 3", by: "\"sample_count\" : \(Int.max)", in: path)
      try replace("\"sample_count\" : 4", by: "\"sample_count\" : \(Int.max)", in: path)
      try replace("\"sample_count\" : 7", by: "\"sample_count\" : -2", in: path)
      let error = try #require(sampleError(folder, 0))
      #expect(error.problem.contains("9223372036854775807 + 9223372036854775807"), "\(error)")
    }
  }

  @Test func everyByteOfTheManifestCounts() throws {
    try withDataset { folder in
      let path = folder + "/dataset.json"
      let content = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      for place in content.indices {
        try modify(path) { $0[place] ^= 1 << UInt8(place % 8) }
        #expect(throws: DataError.self, "byte \(place)") { try DatasetManifest(folder: folder) }
        try modify(path) { $0 = content }
      }
      #expect(try DatasetManifest(folder: folder).sampleCount == 7)
    }
  }

  /// What a shard that was written wrongly holds.
  private struct Forgery {
    var offsets: [UInt64] = [0, 192, 384, 576, 768]
    var labels: [Int32] = [0, 1, 2, 0]
    var keyCount = 4
    var height: Int64 = 8
    var version: Int64 = 2
    var sampleCount: Int64 = 4
    /// Bytes of images that are really there.
    var writtenCount = 768

    func write(to path: String) throws {
      let file = try HDF5File(creating: path)
      try file.attributes.set("format", .string("restok-shard"))
      try file.attributes.set("format_version", .integer(version))
      try file.attributes.set("sample_count", .integer(sampleCount))
      try file.attributes.set("image_kind", .string("rgb8"))
      try file.attributes.set("height", .integer(height))
      try file.attributes.set("width", .integer(8))
      let bytes = try file.createDataset("bytes", type: .uint8, shape: [768])
      if writtenCount > 0 { try bytes.write([UInt8](repeating: 1, count: writtenCount)) }
      try file.write("offsets", offsets)
      try file.write("labels", labels)
      try file.write("keys", strings: (0..<keyCount).map { "key-\($0)" })
      try file.close()
    }
  }

  /// Puts a forged first shard into a data set, with a manifest that agrees.
  private func forge(_ forgery: Forgery, in folder: String) throws {
    try forgery.write(to: folder + "/shard-00000.h5")
    try agree(with: folder + "/shard-00000.h5", in: folder)
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
      (Forgery(height: -1), nil, nil, "height is -1"),
      (Forgery(height: 1 << 32), nil, nil, "height is 4294967296"),
      (Forgery(height: 1 << 62), nil, nil, "height is 4611686018427387904"),
      (Forgery(height: 100_000_000), nil, nil, "height x width"),
      (Forgery(offsets: [0, 192, 384, 576, 1 << 63]), "offsets", 3, "expected 192"),
      (Forgery(offsets: [0, 1 << 31, 1 << 32, 1 << 33, 1 << 34]), "offsets", 0, "expected 192"),
      (Forgery(sampleCount: .max), nil, nil, "sample_count is 9223372036854775807"),
      (Forgery(sampleCount: -1), nil, nil, "sample_count is -1"),
      (Forgery(writtenCount: 0), "bytes", nil, "chunks"),
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
      try ImagePacking(storage: .asIs).pack(folder + "/images", to: folder + "/data")
      var sample = try ImageDataset(folder: folder + "/data").sample(at: 2)
      sample.bytes.removeLast(30)
      let error = #expect(throws: DataError.self) { try ImageKind.encoded.image(of: sample) }
      #expect(error?.file == folder + "/data/shard-00000.h5")
      #expect(error?.index == 2)
      #expect(error?.key == sample.key)
    }
  }
}
