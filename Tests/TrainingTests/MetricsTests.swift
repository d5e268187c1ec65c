import ArrayFiles
import Foundation
import Logging
import TestSupport
import Testing
import Training

@Suite struct MetricsTests {
  @Test func numbersAreShortAndExact() throws {
    var record = MetricsRecord(kind: "train", step: 3)
    record["loss"] = .single(0.1)
    record["learning_rate"] = .number(1e-5)
    record["norm"] = .number(.infinity)
    record["single"] = .single(.nan)
    record["samples"] = .integer(-4)
    record["list"] = .singles([0.1, 2, .nan])
    record["skipped"] = .flag(false)
    record["note"] = .text("a \"b\"\\\n\u{1}ü")
    let expected =
      #"{"kind":"train","step":3,"loss":0.1,"learning_rate":1e-05,"norm":null,"single":null,"#
      + #""samples":-4,"list":[0.1,2.0,null],"skipped":false,"note":"a \"b\"\\\n\u0001ü"}"#
    #expect(record.line == expected)
    let object = try JSONSerialization.jsonObject(with: Data(record.line.utf8))
    let values = try #require(object as? [String: Any])
    #expect(values["note"] as? String == "a \"b\"\\\n\u{1}ü")
    #expect(values["learning_rate"] as? Double == 1e-5)
  }

  @Test func figuresAreReplacedInPlace() {
    var record = MetricsRecord(kind: "train", step: 0)
    record["a"] = .integer(1)
    record["b"] = .integer(2)
    record["a"] = .integer(3)
    record["c"] = nil
    #expect(record.line == #"{"kind":"train","step":0,"a":3,"b":2}"#)
    record["a"] = nil
    #expect(record["a"] == nil && record["b"] == .integer(2))
  }

  @Test func figuresOfTheClockAreNamed() {
    #expect(MetricsRecord.isWallClock("seconds_data_wait"))
    #expect(MetricsRecord.isWallClock("samples_per_second"))
    #expect(MetricsRecord.isWallClock("model_flops_utilization"))
    #expect(!MetricsRecord.isWallClock("loss"))
  }

  @Test(arguments: [0, 1, 4, 9])
  func aResumedRunEndsWithTheSameFile(lastStep: Int) throws {
    try withTemporaryDirectory { folder in
      let logger = try RunLog(path: folder + "/log.txt", terminal: silentTerminal).logger()
      let (whole, resumed) = (folder + "/whole.jsonl", folder + "/resumed.jsonl")
      try append(0...9, to: whole, keepingThrough: nil, logger: logger)
      try append(0...9, to: resumed, keepingThrough: nil, logger: logger)
      // What a killed process leaves.
      let file = try LineFile(path: resumed)
      _ = file.append(#"{"kind":"train","step":10}"#)
      let cut = try content(resumed).dropLast(9)
      try AtomicFile.write(Array(cut.utf8), to: resumed)
      if lastStep < 9 {
        try append(lastStep + 1...9, to: resumed, keepingThrough: lastStep, logger: logger)
      } else {
        _ = try MetricsLog(path: resumed, keepingThrough: lastStep, logger: logger)
      }
      #expect(try content(resumed) == content(whole))
      let log = try content(folder + "/log.txt")
      #expect(log.contains("1 damaged or cut off lines are removed"))
      #expect(log.contains("after step \(lastStep) are removed") == (lastStep < 9))
    }
  }

  @Test func aFreshStartBeginsAnew() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/metrics.jsonl"
      let logger = try RunLog(path: nil, terminal: silentTerminal).logger()
      try append(0...3, to: path, keepingThrough: nil, logger: logger)
      try append(0...0, to: path, keepingThrough: nil, logger: logger)
      #expect(try content(path) == record(0).line + "\n")
    }
  }

  @Test func damageInTheMiddleIsRemoved() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/metrics.jsonl"
      let lines = [record(1).line, "\u{0}\u{0}", record(2).line]
      try AtomicFile.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: path)
      let terminal = RecordedTerminal()
      let log = try RunLog(path: nil, terminal: terminal.output(isTerminal: false))
      _ = try MetricsLog(path: path, keepingThrough: 5, logger: log.logger())
      #expect(try content(path) == record(1).line + "\n" + record(2).line + "\n")
      #expect(terminal.text.contains(" warning "))
    }
  }

  /// What an editor of another system has saved is no damage.
  @Test func lineEndsOfWindowsLoseNoLine() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/metrics.jsonl"
      let text = (0...3).map { record($0).line + "\r\n" }.joined()
      try AtomicFile.write(Array(text.utf8), to: path)
      let logger = try RunLog(path: nil, terminal: silentTerminal).logger()
      try append(3...4, to: path, keepingThrough: 2, logger: logger)
      #expect(try content(path) == (0...4).map { record($0).line + "\n" }.joined())
    }
  }

  private var silentTerminal: TerminalOutput { RecordedTerminal().output(isTerminal: false) }

  private func record(_ step: Int) -> MetricsRecord {
    var record = MetricsRecord(kind: "train", step: step)
    record["loss"] = .single(1 / Float(step + 3))
    return record
  }

  private func append(
    _ steps: ClosedRange<Int>, to path: String, keepingThrough lastStep: Int?, logger: Logger
  ) throws {
    let log = try MetricsLog(path: path, keepingThrough: lastStep, logger: logger)
    for step in steps { log.append(record(step)) }
  }

  private func content(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }
}
