import ArrayFiles
import Checkpoints
import Configurations
import Datasets
import Foundation
import Inference
import Reporting
import TestSupport
import Testing
import Training

/// What a start of a run may change, and what it must leave alone.
@Suite struct RunStartTests {
  /// A run of the tokenizer on a small part of the digits.
  private struct Run {
    let folder: String
    var path: String { folder + "/run" }

    init(in folder: String) throws {
      self.folder = folder
      try DigitsDataset.write(to: folder + "/digits")
    }

    @discardableResult
    func train(
      _ settings: [String] = [], resume: ResumePolicy = .automatic
    ) throws -> TrainingOutcome {
      let data = folder + "/digits/evaluation"
      let configuration = try SmallRuns(folder: folder).tokenizer(
        [
          "run.name=run", "data.train=\(data)", "data.evaluation=\(data)", "steps=4",
          "checkpoint={every: 1, keep: 9}", "schedule.warmup=0",
        ] + settings)
      let session = TrainingSession(
        communicator: .single(), stopSignal: SmallRuns.session.stopSignal, resume: resume)
      return try TrainingRun.tokenizer(configuration, session)
    }

    /// Everything in the run's directory but the messages, by path.
    func content(of part: String = "") throws -> [String: String] {
      let path = path + part
      guard FileSystem.isDirectory(path) else {
        return [part: try ContentDigest.ofFile(at: path).hexadecimal]
      }
      return try FileSystem.names(in: path).filter { $0 != "log.txt" && $0 != "run.lock" }
        .reduce(into: [:]) { all, name in
          all.merge(try content(of: part + "/" + name)) { first, _ in first }
        }
    }

    func lines(_ kind: String) throws -> [String] {
      String(decoding: try FileSystem.bytes(of: path + "/metrics.jsonl"), as: UTF8.self)
        .split(separator: "\n").map(String.init).filter { $0.contains("\"kind\":\"\(kind)\"") }
    }

    var log: String {
      get throws { String(decoding: try FileSystem.bytes(of: path + "/log.txt"), as: UTF8.self) }
    }

    func checkpoint(_ step: Int) -> String {
      path + "/checkpoints/" + CheckpointStore.name(step: step)
    }
  }

  @Test func aRefusedOrFinishedStartChangesNothing() throws {
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      try run.train()
      let before = try run.content()
      #expect(before.count == 23)
      // Heads change no shape, so that only the configuration tells.
      let heads = #expect(throws: TrainingError.self) {
        try run.train(["model.encoder.heads=4"])
      }
      #expect("\(try #require(heads))".contains("model.encoder.heads: 4 instead of 2"))
      #expect(throws: TrainingError.self) { try run.train(["model.encoder.width=64"]) }
      #expect(throws: TrainingError.self) { try run.train(resume: .never) }
      #expect(throws: TrainingError.self) {
        try run.train(["model.decoder.heads=4"], resume: .never)
      }
      // Finished: there is nothing to do, with other settings of the training either.
      #expect(try run.train() == .finished(step: 4))
      #expect(try run.train(["optimizer.rate=0.5"]) == .finished(step: 4))
      #expect(try run.content() == before)
    }
  }

  /// A record of the codebook ends with each checkpoint, so that none covers steps of two starts.
  @Test func theUseOfTheCodebookIsReportedAlikeAfterAKill() throws {
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      let settings = [
        "checkpoint={every: 2, keep: 9}", "log.every=3", "log.usage_warning=0.99", "steps=6",
        "evaluate.every=2",
      ]
      try run.train(settings)
      let records = try run.lines("codebook")
      #expect(records.count == 4)
      for (record, (step, count)) in zip(records, [(2, 2), (3, 1), (4, 1), (6, 2)]) {
        #expect(record.contains("\"step\":\(step),\"steps\":\(count),\"codes_used\":"))
        #expect(record.contains("\"level_4_code_perplexity\":") && !record.contains("revived"))
      }
      let evaluations = try run.lines("evaluation")
      #expect(evaluations.count == 3)
      #expect(evaluations.allSatisfy { $0.contains("\"position_code_entropy_bits\":[") })
      // Few codes from the first record on: said once for either.
      for source in ["training", "the evaluation"] {
        #expect(try run.log.components(separatedBy: "tokens of \(source) use").count == 2)
      }
      for step in [4, 6] { try FileSystem.remove(run.checkpoint(step)) }
      try run.train(settings)
      #expect(try run.lines("codebook") == records && run.lines("evaluation") == evaluations)
    }
  }

  @Test func aRefusedFirstStartLeavesNothing() throws {
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      #expect(throws: DataError.self) { try run.train(["data.train=\(folder)/nowhere"]) }
      #expect(throws: (any Error).self) { try run.train(["init=\(folder)/nowhere"]) }
      #expect(!FileSystem.exists(run.path))
    }
  }

  @Test func whatAKillLeftOutIsMadeUpFor() throws {
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      let settings = ["evaluate.every=2", "log.images_every=2"]
      try run.train(settings)
      let (whole, evaluations) = (try run.content(), try run.lines("evaluation"))
      #expect(evaluations.count == 2)
      // As after a kill between the last checkpoint and its evaluation.
      let metrics = try run.lines("train") + [evaluations[0]]
      try AtomicFile.write(
        Array(metrics.map { $0 + "\n" }.joined().utf8), to: run.path + "/metrics.jsonl")
      try FileSystem.remove(run.path + "/images/step-000000004-reconstructions.png")
      #expect(try run.train(settings) == .finished(step: 4))
      #expect(try run.lines("evaluation") == evaluations)
      var now = try run.content()
      // The order of lines is another one here.
      now["/metrics.jsonl"] = whole["/metrics.jsonl"]
      #expect(now == whole)
      // As after a stop in a step of evaluation.
      for step in [3, 4] { try FileSystem.remove(run.checkpoint(step)) }
      try AtomicFile.write(
        Array(try run.lines("train").map { $0 + "\n" }.joined().utf8),
        to: run.path + "/metrics.jsonl")
      try FileSystem.remove(run.path + "/images/step-000000002-reconstructions.png")
      try run.train(settings)
      #expect(try run.lines("evaluation") == evaluations)
      #expect(FileSystem.exists(run.path + "/images/step-000000002-reconstructions.png"))
    }
  }

  @Test func anOlderCheckpointThatIsNamedBeginsANewHistory() throws {
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      try run.train(["log.images_every=1"])
      let before = try run.content()
      try run.train(
        ["log.images_every=1", "optimizer.rate=0.01"], resume: .checkpoint(run.checkpoint(2)))
      let after = try run.content()
      for step in 3...4 {
        let name = "/checkpoints/" + CheckpointStore.name(step: step) + "/tokenizer.model.h5"
        #expect(after["/superseded-1" + name] == before[name] && before[name] != nil)
        #expect(after[name] != nil && after[name] != before[name])
        let picture = "/images/step-00000000\(step)-reconstructions.png"
        #expect(after["/superseded-1" + picture] == before[picture] && before[picture] != nil)
      }
      #expect(after["/superseded-1/metrics.jsonl"] == before["/metrics.jsonl"])
      #expect(try run.lines("train").count == 4)
      // Another run's checkpoint would be a second history beside the own one.
      let foreign = folder + "/foreign"
      try FileManager.default.copyItem(atPath: run.checkpoint(2), toPath: foreign)
      let error = #expect(throws: TrainingError.self) {
        try run.train(resume: .checkpoint(foreign))
      }
      #expect("\(try #require(error))".contains("is none of them"))
      #expect(try run.content() == after)
    }
  }

  @Test func otherDataUnderTheSameNameAreNoticed() throws {
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      try run.train(["steps=2"])
      #expect(try !run.log.contains("data.train"))
      try FileSystem.remove(folder + "/digits/evaluation")
      try FileSystem.rename(folder + "/digits/train", to: folder + "/digits/evaluation")
      try run.train(["steps=3"])
      #expect(try run.log.contains("data.train is not what the checkpoint was trained on"))
    }
  }

  @Test func weightsThatAreNoNumbersAreNotSaved() throws {
    try withTemporaryDirectory { folder in
      let run = try Run(in: folder)
      let error = #expect(throws: TrainingError.self) {
        try run.train(["steps=1", "optimizer.rate=1e38", "optimizer.weight_decay=10"])
      }
      #expect(
        try #require(error)
          == .notFiniteState(step: 1, network: "tokenizer", array: "model"))
      #expect(try FileSystem.names(in: run.path + "/checkpoints") == [])
      // What ended the run stays with it.
      #expect(try run.log.contains("error step 1: the tokenizer's model has elements that are"))
    }
  }
}
