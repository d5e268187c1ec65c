import ArrayFiles
import Autodiff
import Checkpoints
import Configurations
import Foundation
import Inference
import Kernels
import Reporting
import ResidualTokenizer
import Tensors
import TestSupport
import Testing

/// Which model a path is, and whether it is what it says.
@Suite struct ModelSourceTests {
  private func digest(_ source: ModelSource, _ notices: inout [String]) throws -> String {
    var said: [String] = []
    let tokenizer = try LoadedTokenizer(source) { said.append($0) }
    notices = said
    return tokenizer.digest
  }

  @Test func aCheckpointIsAModelWhereverItIs() throws {
    try withTemporaryDirectory { folder in
      let run = try SmallRuns(folder: folder).imported(.tokenizer)
      var notices: [String] = []
      let expected = try digest(ModelSource(path: run), &notices)
      let moved = folder + "/alone"
      try FileSystem.rename(run + "/checkpoints/step-000000000", to: moved)
      #expect(try digest(ModelSource(path: moved), &notices) == expected)
      #expect(notices == [])
      #expect(throws: CommandError.noCheckpoint(directory: run)) {
        try digest(ModelSource(path: run), &notices)
      }
    }
  }

  /// The configuration of a run may be another one by now; the checkpoint has its own.
  @Test func theConfigurationIsTheCheckpoints() throws {
    try withTemporaryDirectory { folder in
      let run = try SmallRuns(folder: folder).imported(.tokenizer)
      let text = String(decoding: try FileSystem.bytes(of: run + "/config.yaml"), as: UTF8.self)
      let other = text.replacing("heads: 2", with: "heads: 4")
      #expect(other != text)
      try AtomicFile.write(Array(other.utf8), to: run + "/config.yaml")
      let model = try LoadedTokenizer(ModelSource(path: run)) { _ in }.model
      #expect(model.configuration.encoder.headCount == 2)
    }
  }

  @Test func aDamagedCheckpointThatIsPassedOverIsTold() throws {
    try withTemporaryDirectory { folder in
      let run = try SmallRuns(folder: folder).imported(.tokenizer)
      let newest = run + "/checkpoints/step-000000007"
      try FileManager.default.copyItem(
        atPath: run + "/checkpoints/step-000000000", toPath: newest)
      var notices: [String] = []
      _ = try digest(ModelSource(path: run), &notices)
      #expect(notices.count == 1)
      #expect(notices.first?.contains("step-000000007 is damaged and passed over") == true)
    }
  }

  /// The bits of an arena with all weights in float32, and their rounded copies in bfloat16.
  @Test(arguments: [Precision.float32, .bfloat16])
  func aDecoderAloneMakesTheImagesOfTheWholeModel(precision: Precision) throws {
    try withTemporaryDirectory { folder in
      let source = ModelSource(
        path: try SmallRuns(folder: folder).imported(.tokenizer, standardDeviation: 0.1))
      let opened = try source.open { _ in }
      let arena = ParameterArena()
      let configuration = try SmallRuns(folder: folder).tokenizer().model
      let model = ResTok(configuration, in: ParameterScope(arena))
      arena.allocate(forTraining: false, operandType: precision.operandType)
      let weights = ParameterArena()
      _ = ResTok(configuration, in: ParameterScope(weights))
      try opened.read(into: weights) { _ in }
      arena.values.buffer.copy(from: weights.values.buffer)
      arena.refreshOperands()

      let tokens = Tensor((0..<32).map { Int32($0 * 5 % 64) }, shape: [2, 16])
      let expected = try model.images(of: tokens).array(of: Float.self)
      for part in [ResTok.Part.whole, .decoder] {
        let loaded = try LoadedTokenizer(source, part: part, precision: precision) { _ in }
        #expect(try loaded.model.images(of: tokens).array(of: Float.self) == expected)
        #expect(loaded.digest == hexadecimal(Kernels.digest(of: weights.values.buffer)))
      }
    }
  }

  @Test func aPathThatLeadsNowhereIsNoUnfinishedCheckpoint() throws {
    let error = #expect(throws: FileError.self) {
      try LoadedTokenizer(ModelSource(path: "/nowhere/at/all")) { _ in }
    }
    #expect(error?.isMissing == true)
  }

  @Test func exportedWeightsAreOfOneModel() throws {
    try withTemporaryDirectory { folder in
      let (weights, configuration) = try SmallRuns(folder: folder).write(.tokenizer)
      let text = String(decoding: try FileSystem.bytes(of: configuration), as: UTF8.self)
      let other = folder + "/other.yaml"
      try AtomicFile.write(
        Array(text.replacing("heads: 2", with: "heads: 4").utf8), to: other)
      _ = try LoadedTokenizer(
        ModelSource(path: weights, configurationPath: configuration)
      ) { _ in }
      let error = #expect(throws: CommandError.self) {
        try LoadedTokenizer(ModelSource(path: weights, configurationPath: other)) { _ in }
      }
      #expect("\(try #require(error))".contains("was exported from another model"))
      #expect(throws: CommandError.self) {
        try WeightImport.read(weights, configurationPath: other, to: folder + "/run")
      }
      #expect(!FileSystem.exists(folder + "/run"))
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func weightsThatAreNoNumbersAreRefused(value: Float) throws {
    try withTemporaryDirectory { folder in
      let (weights, configuration) = try SmallRuns(folder: folder).write(.tokenizer)
      let file = try SafetensorsFile(contentsOf: weights)
      let spoilt = file.names.sorted()[5]
      let tensors = try file.names.map { name in
        let tensor = try file.tensor(name)
        var elements = try tensor.floats()
        if name == spoilt { elements[elements.count - 1] = value }
        return SafetensorsTensor(name, elements, shape: tensor.shape)
      }
      try SafetensorsFile.write(tensors, metadata: file.metadata, to: weights)
      let source = ModelSource(path: weights, configurationPath: configuration)
      for use in [
        { _ = try LoadedTokenizer(source) { _ in } },
        {
          _ = try WeightImport.read(weights, configurationPath: configuration, to: folder + "/run")
        },
      ] as [() throws -> Void] {
        let error = #expect(throws: NotFiniteWeights.self) { try use() }
        #expect(error?.tensor == spoilt)
      }
      #expect(!FileSystem.exists(folder + "/run"))
    }
  }
}
