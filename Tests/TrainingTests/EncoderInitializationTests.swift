import ArrayFiles
import Autodiff
import Checkpoints
import Configurations
import Datasets
import Foundation
import Inference
import Reporting
import ResidualTokenizer
import TestSupport
import Testing
import Training

/// An encoder that begins with blocks of a foundation model.
@Suite struct EncoderInitializationTests {
  /// Names within a block, and shapes for a width.
  private static func shapes(_ width: Int) -> [(name: String, shape: [Int])] {
    let vectors =
      ["norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias", "attn.proj.bias"]
      + ["mlp.fc2.bias", "gamma_1", "gamma_2"]
    return vectors.map { ($0, [width]) } + [
      ("attn.qkv.weight", [3 * width, width]), ("attn.proj.weight", [width, width]),
      ("mlp.fc1.weight", [4 * width, width]), ("mlp.fc1.bias", [4 * width]),
      ("mlp.fc2.weight", [width, 4 * width]),
    ]
  }

  /// A file of blocks, of which every element says where it stands.
  private static func tensors(
    width: Int, blockCount: Int, names: [(name: String, shape: [Int])]? = nil
  ) -> [SafetensorsTensor] {
    let blocks = (0..<blockCount).flatMap { block in
      (names ?? shapes(width)).enumerated().map { index, entry in
        let count = entry.shape.reduce(1, *)
        return SafetensorsTensor(
          "blocks.\(block).\(entry.name)",
          (0..<count).map { Float(1 + block) + Float(index * 64 + $0 % 64) / 4096 },
          shape: entry.shape)
      }
    }
    return blocks + [
      SafetensorsTensor("cls_token", [Float](repeating: 9, count: width), shape: [1, 1, width]),
      SafetensorsTensor("norm.weight", [Float](repeating: 9, count: width)),
    ]
  }

  /// A run of one step that moves nothing.
  private struct Run {
    let runs: SmallRuns
    var file: String { runs.folder + "/dinov3.safetensors" }

    init(_ folder: String) throws {
      runs = SmallRuns(folder: folder)
      try DigitsDataset.write(to: folder + "/digits")
    }

    func train(_ name: String, _ settings: [String]) throws {
      let data = runs.folder + "/digits/evaluation"
      let configuration = try runs.tokenizer(
        [
          "run.name=\(name)", "data.train=\(data)", "data.evaluation=\(data)", "steps=1",
          "schedule={kind: constant, warmup: 1}", "log.images_every=0",
        ] + settings)
      _ = try TrainingRun.tokenizer(configuration, SmallRuns.session)
    }

    func checkpoint(_ name: String) throws -> Checkpoint {
      try ModelSource(path: runs.folder + "/" + name).checkpoint { _ in }
    }
  }

  private func withRun(_ body: (Run, Int, Int) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      let run = try Run(folder)
      let encoder = try run.runs.tokenizer().model.encoder
      try body(run, encoder.width, encoder.layerCount)
    }
  }

  @Test(arguments: [true, false])
  func theBlocksAreThoseOfTheFile(hasBiases: Bool) throws {
    try withRun { run, width, layerCount in
      let biases = hasBiases ? [("attn.q_bias", [width]), ("attn.v_bias", [width])] : []
      let tensors = Self.tensors(
        width: width, blockCount: layerCount + 1, names: Self.shapes(width) + biases)
      try SafetensorsFile.write(tensors, to: run.file)
      try run.train("drawn", [])
      try run.train("begun", ["init_encoder={file: \(run.file), layers: 1}"])
      let (drawn, begun) = (try run.checkpoint("drawn"), try run.checkpoint("begun"))
      let byName = Dictionary(uniqueKeysWithValues: tensors.map { ("encoder." + $0.name, $0) })
      var readCount = 0
      for file in ["tokenizer.model.h5", "tokenizer.ema.h5"] {
        for record in try begun.tensors(in: file) {
          let found = try begun.read(record.name, from: file).elements
          let isRead = record.name.hasPrefix("encoder.blocks.0.") && byName[record.name] != nil
          let expected =
            try isRead
            ? byName[record.name]?.floats() : drawn.read(record.name, from: file).elements
          #expect(found == expected, "\(record.name)")
          if isRead { readCount += 1 }
        }
      }
      #expect(readCount == 2 * (13 + biases.count))
      let log = String(
        decoding: try FileSystem.bytes(of: run.runs.folder + "/begun/log.txt"), as: UTF8.self)
      for sign in [
        "init_encoder: 1 blocks of \(run.file) (xxh64:", "encoder.blocks.*.attn.qkv.weight, ",
        "initial values stay in ", "encoder.blocks.*.attn.q_norm.weight (\(layerCount))",
        "pixel_encoder.conv_in.weight", "not used of the file: blocks.*.attn.proj.bias",
        "cls_token, norm.weight",
      ] { #expect(log.contains(sign), "\(sign): \(log)") }
    }
  }

  @Test func allBlocksThatBothHave() throws {
    try withRun { run, width, layerCount in
      try SafetensorsFile.write(
        Self.tensors(width: width, blockCount: layerCount + 3), to: run.file)
      try run.train("begun", ["init_encoder={file: \(run.file)}"])
      let checkpoint = try run.checkpoint("begun")
      for block in 0..<layerCount {
        let gamma = try checkpoint.read(
          "encoder.blocks.\(block).gamma_1", from: "tokenizer.model.h5")
        #expect(gamma.elements.allSatisfy { Int($0) == block + 1 })
      }
    }
  }

  @Test func whatDoesNotFitIsRefusedBeforeTheRunBegins() throws {
    try withRun { run, width, layerCount in
      func error(_ tensors: [SafetensorsTensor], _ settings: String = "") throws -> String {
        try SafetensorsFile.write(tensors, to: run.file)
        let error = #expect(throws: (any Error).self) {
          try run.train("refused", ["init_encoder={file: \(run.file)\(settings)}"])
        }
        #expect(!FileSystem.exists(run.runs.folder + "/refused"))
        return String(describing: error)
      }
      let wide = try error(Self.tensors(width: 2 * width, blockCount: 1))
      #expect(wide.contains("are \(2 * width) wide, those of the encoder \(width)"), "\(wide)")
      let few = try error(
        Self.tensors(width: width, blockCount: layerCount - 1), ", layers: \(layerCount)")
      #expect(few.contains("has \(layerCount - 1): take fewer"), "\(few)")
      let none = try error([SafetensorsTensor("cls_token", [Float(1)])])
      #expect(none.contains("has no tensors blocks.0"), "\(none)")
      let missing = try error(
        Self.tensors(
          width: width, blockCount: layerCount,
          names: Self.shapes(width).filter { !$0.name.hasPrefix("gamma") }))
      #expect(missing.contains("missing: blocks.1.gamma_2"), "\(missing)")
      let nan = try error(
        Self.tensors(width: width, blockCount: layerCount).map { tensor in
          guard tensor.name == "blocks.0.gamma_1" else { return tensor }
          return SafetensorsTensor(tensor.name, [Float](repeating: .nan, count: width))
        })
      #expect(
        nan.contains("'blocks.0.gamma_1' has elements that are infinite or no numbers: download"),
        "\(nan)")
      for settings in [["init=x"], []] {
        let wrong = #expect(throws: ConfigurationError.self) {
          try run.train(
            "refused", ["init_encoder={file: \(run.file), layers: 99}"] + settings)
        }
        #expect(wrong?.problems.count == 1 + settings.count)
      }
    }
  }
}
