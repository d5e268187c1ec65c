package import Inference
import Layers
import ResidualTokenizer

/// What the steps since the last record used of the codebook.
package struct CodebookWindow {
  /// How often the samples of all lanes used each code.
  package private(set) var usage: TokenUsage
  /// The steps.
  package private(set) var stepCount = 0
  /// Codes that were put back into use; nil where none ever is.
  package private(set) var revivedCount: Int?

  /// No step of a model's training as yet.
  init(_ model: ResTok.Configuration) {
    usage = TokenUsage(model)
    revivedCount = model.codebook.revives ? 0 : nil
  }

  /// Adds a step.
  ///
  /// - Parameters:
  ///   - tokens: The tokens of all its samples.
  ///   - revivedCount: Codes that were put back after it.
  mutating func add(_ tokens: [UInt16], revivedCount: Int) {
    usage.add(tokens)
    stepCount += 1
    self.revivedCount = self.revivedCount.map { $0 + revivedCount }
  }
}

extension TokenUsage {
  /// Usage of a model's codebook without tokens.
  init(_ model: ResTok.Configuration) {
    self.init(
      codebookSize: model.codebook.size, levels: LevelStructure(count: model.latents.count).ranges)
  }
}
