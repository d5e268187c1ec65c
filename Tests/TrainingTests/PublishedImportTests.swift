import ArrayFiles
import Checkpoints
import Configurations
import Foundation
import Inference
import Reporting
import TestSupport
import Testing

/// Weights of the published program in every format, into a run directory and out again.
@Suite struct PublishedImportTests {
  /// A folder with a published configuration, and files in it.
  private struct Place {
    let folder: String
    var run: String { folder + "/run" }
    let fixtures: PublishedFixtures

    init(_ folder: String) throws {
      self.folder = folder
      fixtures = try PublishedFixtures.read()
      try write(PublishedFixtures.configuration, "config.json")
    }

    func write(_ text: String, _ name: String) throws {
      try AtomicFile.write(Array(text.utf8), to: folder + "/" + name)
    }

    func write(_ tensors: [SafetensorsTensor], _ name: String = "model.safetensors") throws {
      try SafetensorsFile.write(tensors, to: folder + "/" + name)
    }

    /// Imports, and gives the notices; the run goes again where `removes`.
    func notices(_ name: String = "", configuration: String? = nil, removes: Bool = false) throws
      -> [String]
    {
      var notices: [String] = []
      let report = try PublishedImport.read(
        name.isEmpty ? folder : folder + "/" + name,
        configurationPath: configuration.map { folder + "/" + $0 }, to: run
      ) { notices.append($0) }
      #expect(report.contains("a generator of 12 tensors"))
      if removes { try FileSystem.remove(run) }
      return notices
    }

    /// Whether the run has the weights of the script.
    func requireWeights() throws {
      for choice in [WeightChoice.ema, .model] {
        let path = folder + "/out.safetensors"
        _ = try WeightExport.write(ModelSource(path: run, weights: choice), to: path)
        let file = try SafetensorsFile(contentsOf: path)
        #expect(file.names.count == fixtures.shapes.count)
        for tensor in fixtures.tensors {
          let found = try file.tensor(tensor.name)
          #expect(found.shape == tensor.shape)
          #expect(try found.floats() == tensor.floats(), "\(tensor.name)")
        }
      }
    }
  }

  private func withPlace(_ body: (Place) throws -> Void) throws {
    try withTemporaryDirectory { try body(Place($0)) }
  }

  @Test(arguments: [
    ("zip", 0), ("legacy", 0), ("zip, wrapped", 1), ("legacy, compiled, bfloat16", 2),
    ("zip, float16", 0),
  ])
  func filesOfPyTorch(format: String, omittedCount: Int) throws {
    try withPlace { place in
      let bytes = [UInt8](try #require(place.fixtures.files[format]))
      try AtomicFile.write(bytes, to: place.folder + "/pytorch_model.bin")
      let notices = try place.notices()
      #expect(notices.count == 1 + omittedCount, "\(notices)")
      #expect(notices[0].contains("config.json: passed over, as no part of the model: max_seq_len"))
      try place.requireWeights()
    }
  }

  @Test func shardsAndWhatIsLeftOut() throws {
    try withPlace { place in
      let tensors = place.fixtures.tensors
      try place.write(Array(tensors.prefix(5)), "1.safetensors")
      let extra = [
        "foundation_model.a", "module.foundation_model.b", "perceptual_loss.lpips.c",
        "ema_real_logits_mean", "optimizer.state.0.exp_avg", "vf_proj.weight",
      ].map { SafetensorsTensor($0, [Int64(1)]) }
      try place.write(Array(tensors.dropFirst(5)) + extra, "2.safetensors")
      let map = (tensors + extra).enumerated().map { index, tensor in
        "\"\(tensor.name)\": \"\(index < 5 ? 1 : 2).safetensors\""
      }
      let index = "{\"weight_map\": {\(map.joined(separator: ", "))}}"
      try place.write(index, "model.safetensors.index.json")
      try place.write("", "pytorch_model.bin")
      let notices = try place.notices()
      for sign in [
        "pytorch_model.bin is not read",
        "left out 2 tensors of the frozen foundation model: foundation_model.a, module.foundation",
        "left out 2 tensors of the losses: ema_real_logits_mean, perceptual_loss.lpips.c",
        "left out 1 tensor of the optimizer: optimizer.state.0.exp_avg",
        "left out 1 tensor of the alignment, which the configuration does not have: vf_proj.weight",
      ] { #expect(notices.contains { $0.contains(sign) }, "\(sign): \(notices)") }
      try place.requireWeights()
    }
  }

  @Test func theFileAndTheConfigurationMayBeNamed() throws {
    try withPlace { place in
      try place.write(place.fixtures.tensors, "weights")
      _ = try place.notices("weights", removes: true)
      try FileSystem.rename(place.folder + "/config.json", to: place.folder + "/other.yaml")
      #expect(throws: CommandError.self) { try place.notices("weights") }
      _ = try place.notices("weights", configuration: "other.yaml")
      try place.requireWeights()
      #expect(throws: CommandError.outputExists(place.run)) {
        try place.notices("weights", configuration: "other.yaml")
      }
    }
  }

  @Test func everyFileOfWeightsIsAModel() throws {
    try withPlace { place in
      try place.write(place.fixtures.tensors)
      _ = try place.notices()
      for (format, name) in [
        ("zip", "a.pth"), ("legacy, compiled, bfloat16", "a.pt"), ("zip", "weights"),
      ] {
        let file = place.folder + "/" + name
        try AtomicFile.write([UInt8](try #require(place.fixtures.files[format])), to: file)
        let source = ModelSource(path: file, configurationPath: place.run + "/config.yaml")
        #expect(source.isFile)
        let path = place.folder + "/again.safetensors"
        _ = try WeightExport.write(source, to: path)
        _ = try WeightExport.write(
          ModelSource(path: place.run), to: place.folder + "/out.safetensors")
        #expect(
          FileManager.default.contentsEqual(
            atPath: path, andPath: place.folder + "/out.safetensors"))
        #expect(throws: CommandError.self) { try ModelSource(path: file).generator() }
      }
    }
  }

  @Test func anExportIsThePublishedForm() throws {
    try withPlace { place in
      try place.write(place.fixtures.tensors)
      _ = try place.notices()
      let folder = place.folder + "/published"
      let report = try PublishedExport.write(ModelSource(path: place.run), to: folder + "/")
      #expect(report.contains("12 tensors of a generator"))
      #expect(try FileSystem.names(in: folder) == ["config.json", "model.safetensors"])
      let file = try SafetensorsFile(contentsOf: folder + "/model.safetensors")
      #expect(file.metadata == ["format": "pt"])
      for tensor in place.fixtures.tensors {
        #expect(try file.tensor(tensor.name).floats() == tensor.floats())
      }
      #expect(throws: CommandError.outputExists(folder)) {
        try PublishedExport.write(ModelSource(path: place.run), to: folder)
      }
      _ = try PublishedImport.read(folder, configurationPath: nil, to: place.folder + "/again")
      let digests = try [place.run, place.folder + "/again"].map {
        try ModelSource(path: $0).checkpoint { _ in }.manifest.files
      }
      #expect(digests[0] == digests[1])
    }
  }

  @Test func whatThePublishedProgramHasNotIsNotExported() throws {
    try withTemporaryDirectory { folder in
      let run = try SmallRuns(folder: folder).imported(.tokenizer)
      let error = #expect(throws: ConfigurationError.self) {
        try PublishedExport.write(ModelSource(path: run), to: folder + "/published")
      }
      #expect((error?.problems.count ?? 0) >= 3, "\(String(describing: error))")
      #expect(!FileSystem.exists(folder + "/published"))
    }
  }

  @Test(arguments: [
    ("a call", "system'"), ("a call, legacy", "system"),
    ("a stray tensor", "not in the model: stray.weight"),
    ("integers", "elements of type int32"), ("twice", "not in the model: module."),
  ])
  func whatIsNotTaken(format: String, sign: String) throws {
    try withPlace { place in
      let bytes = [UInt8](try #require(place.fixtures.refused[format]))
      try AtomicFile.write(bytes, to: place.folder + "/pytorch_model.bin")
      let error = #expect(throws: (any Error).self) { try place.notices() }
      let text = "\(try #require(error))"
      #expect(text.contains(sign), "\(text)")
      #expect(!FileSystem.exists(place.run))
    }
  }

  @Test func anythingWrongLeavesNothing() throws {
    try withPlace { place in
      #expect(throws: CommandError.self) { try place.notices() }
      #expect(throws: CommandError.self) { try place.notices("absent") }
      var tensors = place.fixtures.tensors
      let last = tensors.removeLast()
      try place.write(tensors)
      let missing = #expect(throws: WeightMismatch.self) { try place.notices() }
      #expect(missing?.missing == [last.name])
      try place.write(tensors + [SafetensorsTensor(last.name, [Float.nan], shape: [1])])
      #expect(throws: WeightMismatch.self) { try place.notices() }
      let elements = try last.floats()
      try place.write(
        tensors + [
          SafetensorsTensor(last.name, [Float.nan] + elements.dropFirst(), shape: last.shape)
        ])
      #expect(throws: NotFiniteWeights.self) { try place.notices() }
      try place.write([SafetensorsTensor("a", [Float(1)])])
      let neither = #expect(throws: CommandError.self) { try place.notices() }
      #expect("\(try #require(neither))".contains("no published tokenizer and no generator"))
      try place.write(tensors + [last])
      try place.write("{\"dim\": 8}", "config.json")
      #expect(throws: ConfigurationError.self) { try place.notices() }
      // Weights of another size than the configuration's take no memory.
      let large = PublishedFixtures.configuration.replacing("\"dim\": 8", with: "\"dim\": 16384")
      try place.write(large, "config.json")
      let mismatch = #expect(throws: WeightMismatch.self) { try place.notices() }
      #expect(mismatch?.shapes.count == 12)
      #expect(try FileSystem.names(in: place.folder) == ["config.json", "model.safetensors"])
    }
  }
}

extension ModelSource {
  /// Loads the weights as a generator.
  fileprivate func generator() throws -> LoadedGenerator { try LoadedGenerator(self) { _ in } }
}
