import ArrayFiles
import Configurations
import Datasets
import Foundation
import PhaseFixtures
import TestSupport
import Testing
import Training

/// An image file inside a data set that cannot be decoded any more, in training and in evaluation.
@Suite struct DamagedImageTests {
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
      try writeSoundAndDamagedSets(in: folder)
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
      try writeSoundAndDamagedSets(in: folder)
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
      try writeSoundAndDamagedSets(in: folder)
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

  /// A picture has the images that can be decoded.
  @Test func aPictureLeavesTheImageOut() throws {
    try withTemporaryDirectory { folder in
      try writeSoundAndDamagedSets(in: folder)
      func picture(_ data: String, _ policy: String) throws -> (width: Int, height: Int) {
        let task = try TokenizerTask(
          SmallRuns(folder: folder).tokenizer([
            "data.train=\(folder)/sound", "data.evaluation=\(folder)/\(data)",
            "data.on_error=\(policy)",
          ]), isCoordinator: true)
        task.mainNetwork.allocate(operandType: .float32)
        task.mainNetwork.initialize(seed: 1)
        let image = try #require(try task.picture()).image
        return (image.width, image.height)
      }
      // Five pairs take two rows of four, as six do.
      #expect(try picture("sound", "skip") == picture("damaged", "skip"))
      #expect(throws: DataError.self) { try picture("damaged", "stop") }
    }
  }

  /// Without a damaged image both policies finish.
  @Test(arguments: ["stop", "skip"])
  func soundSetsAreTrainedOn(policy: String) throws {
    try withTemporaryDirectory { folder in
      try writeSoundAndDamagedSets(in: folder)
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
