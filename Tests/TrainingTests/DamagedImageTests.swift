import ArrayFiles
import Configurations
import Datasets
import Foundation
import ImageFiles
import TestSupport
import Testing
import Training

/// An image file inside a data set that cannot be decoded any more, in training and in evaluation.
@Suite struct DamagedImageTests {
  /// Packs six image files; in the set named `damaged` one of them is spoilt afterwards.
  private func packSets(in folder: String) throws {
    var numbers = TestNumbers(seed: 3)
    try FileManager.default.createDirectory(
      atPath: folder + "/images/one", withIntermediateDirectories: true)
    for index in 0..<6 {
      let pixels = (0..<32 * 32 * 3).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
      let image = RGBImage(height: 32, width: 32, pixels: pixels)
      try image.writePNG(to: "\(folder)/images/one/\(index).png")
    }
    for name in ["sound", "damaged"] {
      try ImagePacking(storage: .asIs).pack(folder + "/images", to: folder + "/" + name)
    }
    let sizes = try (0..<6).map { try FileSystem.size(of: "\(folder)/images/one/\($0).png") }
    try spoilImage(inSet: folder + "/damaged", byteCount: sizes.reduce(0, +))
  }

  /// Clears some bytes of the first PNG file's pixels, and makes the checksum of all `byteCount` bytes
  /// and the digests fit: the disk is not to blame.
  private func spoilImage(inSet folder: String, byteCount: Int) throws {
    let name = try #require(
      try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(".h5") })
    let shard = URL(fileURLWithPath: folder + "/" + name)
    var bytes = try Data(contentsOf: shard)
    let signature = try #require(bytes.range(of: Data([0x89, 0x50, 0x4E, 0x47])))
    let chunk = signature.lowerBound..<signature.lowerBound + byteCount
    let checksum = chunk.upperBound..<chunk.upperBound + 4
    #expect(bytes[checksum] == self.checksum(of: bytes[chunk]))
    let pixels = chunk.lowerBound + 200..<chunk.lowerBound + 264
    bytes.replaceSubrange(pixels, with: Data(count: pixels.count))
    bytes.replaceSubrange(checksum, with: self.checksum(of: bytes[chunk]))
    try bytes.write(to: shard)
    try agree(with: shard.path, in: folder)
  }

  /// The checksum that stands behind a chunk of the file.
  private func checksum(of bytes: Data) -> Data {
    let value = [UInt8](bytes).withUnsafeBytes { Fletcher32.checksum($0) }
    return withUnsafeBytes(of: value.littleEndian) { Data($0) }
  }

  @discardableResult
  private func run(_ name: String, _ settings: [String], in folder: String) throws
    -> TrainingOutcome
  {
    let configuration = try SmallRuns(folder: folder).tokenizer(
      ["batch={lanes: 1, per_lane: 6}"] + settings + ["run.name=\(name)", "steps=1"])
    return try TrainingRun.tokenizer(configuration, SmallRuns.session)
  }

  private func record(_ kind: String, of name: String, in folder: String) throws -> [String: Any] {
    let lines = try FileSystem.bytes(of: "\(folder)/\(name)/metrics.jsonl").split(separator: 10)
    let records = try lines.compactMap {
      try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any]
    }
    return try #require(records.first { $0["kind"] as? String == kind })
  }

  private func log(of name: String, in folder: String) throws -> String {
    String(decoding: try FileSystem.bytes(of: "\(folder)/\(name)/log.txt"), as: UTF8.self)
  }

  /// A score over fewer images is another score, so it says over how many.
  @Test func anEvaluationStopsOrLeavesTheImageOut() throws {
    try withTemporaryDirectory { folder in
      try packSets(in: folder)
      let data = ["data.train=\(folder)/sound", "data.evaluation=\(folder)/damaged"]
      let error = #expect(throws: DataError.self) {
        try run("stop", data + ["data.on_error=stop"], in: folder)
      }
      #expect(error?.file.hasPrefix(folder + "/damaged/") == true, "\(String(describing: error))")
      try run("skip", data + ["data.on_error=skip"], in: folder)
      #expect(try record("evaluation", of: "skip", in: folder)["images_scored"] as? Double == 5)
      #expect(
        try log(of: "skip", in: folder).contains("image passed over (1 so far): \(folder)/damaged/")
      )
    }
  }

  @Test func trainingStopsOrTakesAnotherImage() throws {
    try withTemporaryDirectory { folder in
      try packSets(in: folder)
      let data = ["data.train=\(folder)/damaged", "data.evaluation=\(folder)/sound"]
      let error = #expect(throws: DataError.self) {
        try run("stop", data + ["data.on_error=stop"], in: folder)
      }
      #expect(error?.file.hasPrefix(folder + "/damaged/") == true, "\(String(describing: error))")
      let outcome = try run("skip", data + ["data.on_error=skip"], in: folder)
      #expect(outcome == .finished(step: 1))
      #expect(try record("train", of: "skip", in: folder)["images_replaced"] as? Double == 1)
      #expect(
        try log(of: "skip", in: folder).contains("image passed over (1 so far): \(folder)/damaged/")
      )
    }
  }

  /// In a lane of one image the next one of the set stands for it.
  @Test func aLaneOfOneImageTakesAnotherToo() throws {
    try withTemporaryDirectory { folder in
      try packSets(in: folder)
      let outcome = try run(
        "one",
        [
          "data.train=\(folder)/damaged", "data.evaluation=\(folder)/sound", "data.on_error=skip",
          "batch={lanes: 6, per_lane: 1}",
        ], in: folder)
      #expect(outcome == .finished(step: 1))
      #expect(try log(of: "one", in: folder).contains("image passed over (1 so far)"))
    }
  }

  /// Without a damaged image both policies finish.
  @Test(arguments: ["stop", "skip"])
  func soundSetsAreTrainedOn(policy: String) throws {
    try withTemporaryDirectory { folder in
      try packSets(in: folder)
      let outcome = try run(
        policy,
        [
          "data.train=\(folder)/sound", "data.evaluation=\(folder)/sound",
          "data.on_error=\(policy)",
        ], in: folder)
      #expect(outcome == .finished(step: 1))
    }
  }
}
