public import Autodiff
import Layers
public import Tensors

/// The generator: a class-conditional transformer over the tokens of an image.
///
/// With the hierarchical order it predicts whole levels of tokens at once: 9 steps for 128 tokens.
/// Tokens are int32 `[batch, tokens]`, labels int32 `[batch]` with `classCount` for "no class".
/// Source: arXiv 2601.03955; Docs/Method.md, section 6.
public struct Generator {
  /// Sizes and options.
  public let configuration: Configuration
  /// The order of prediction.
  public let order: GenerationOrder

  let arena: ParameterArena
  let labelEmbedding: Embedding
  let tokenEmbedding: Embedding
  let specialEmbedding: Embedding?
  let blocks: [GeneratorBlock]
  let norm: RMSNorm
  let output: Linear
  let rotary: RotaryTable

  /// Creates the model's parameters under their published names.
  public init(_ configuration: Configuration, in scope: ParameterScope) {
    self.configuration = configuration
    arena = scope.arena
    order = GenerationOrder(configuration)
    let width = configuration.width
    labelEmbedding = Embedding(
      count: configuration.classCount + 1, width: width, initializer: generatorInitializer,
      in: scope["cls_embedding"]["embedding_table"])
    tokenEmbedding = Embedding(
      count: configuration.vocabularySize, width: width, initializer: generatorInitializer,
      in: scope["tok_embeddings"])
    specialEmbedding =
      configuration.order == .sequential
      ? nil
      : Embedding(
        count: configuration.tokenCount - 1, width: width, initializer: generatorInitializer,
        in: scope["spe_tok_embeddings"]["special_embeddings"])
    blocks = (0..<configuration.layerCount).map { index in
      GeneratorBlock(configuration, in: scope["layers"][index])
    }
    norm = RMSNorm(channelCount: width, in: scope["norm"])
    output = Linear(
      inputSize: width, outputSize: configuration.vocabularySize, hasBias: false,
      initializer: .constant(0), in: scope["output"])
    rotary = RotaryPositions.table(
      tokenCount: configuration.tokenCount, headSize: width / configuration.headCount,
      base: configuration.ropeBase)
  }

  /// Predicts every token from the class and the tokens of earlier steps.
  ///
  /// - Parameters:
  ///   - tokens: int32 `[batch, tokens]`.
  ///   - labels: int32 `[batch]`; in training the caller has replaced dropped ones (`droppedLabels`).
  ///   - key: Key of the dropout masks in training; nil for inference.
  ///   - tape: Where the operations are recorded.
  /// - Returns: Logits, `[batch, tokens, vocabulary]`.
  public func callAsFunction(
    tokens: Tensor, labels: Tensor, key: RandomKey?, on tape: Tape
  ) -> Variable {
    let inputs = embeddedInputs(tokens: tokens, labels: labels, on: tape)
    var x = dropout(inputs, probability: configuration.tokenDropout, key: key?.child(0))
    let mask = order.mask
    for (index, block) in blocks.enumerated() {
      x = block(x, rotary: rotary, mask: mask, key: key?.child(index + 1))
    }
    return output(norm(x))
  }

  /// Labels with "no class" in place of those that class dropout drops.
  ///
  /// - Parameters:
  ///   - labels: One a sample.
  ///   - key: Key of the draw; the sample's position in `labels` is the counter.
  /// - Returns: The labels for a training pass.
  public func droppedLabels(_ labels: [Int32], key: RandomKey) -> [Int32] {
    var stream = RandomStream(key)
    return labels.map { label in
      stream.uniform() < Double(configuration.classDropout)
        ? Int32(configuration.classCount) : label
    }
  }

  /// The embeddings at all positions, `[batch, tokens, width]`.
  private func embeddedInputs(tokens: Tensor, labels: Tensor, on tape: Tape) -> Variable {
    precondition(
      tokens.dimensionCount == 2 && tokens.shape[1] == configuration.tokenCount
        && labels.shape == [tokens.shape[0]],
      "Generator: tokens of shape \(tokens.shape) and labels of shape \(labels.shape)")
    let batchCount = tokens.shape[0]
    let label = labelEmbedding(labels.reshaped(to: [batchCount, 1]), on: tape)
    let token = tokenEmbedding(tokens, on: tape)
    let special = specialEmbedding.map { repeatBatch(tape[$0.weight], batchCount: batchCount) }
    return concatenateTokens(
      InputRun.runs(of: order.inputs).map { run in
        switch run.source {
        case .label: label
        case .token: sliceTokens(token, run.range)
        case .special: sliceTokens(special ?? token, run.range)
        }
      })
  }
}

/// Consecutive positions whose inputs are consecutive rows of one table.
struct InputRun: Equatable {
  enum Source { case label, token, special }

  let source: Source
  let range: Range<Int>

  static func runs(of inputs: [GenerationOrder.Input]) -> [InputRun] {
    var runs: [InputRun] = []
    for input in inputs {
      let (source, index): (Source, Int) =
        switch input {
        case .label: (.label, 0)
        case .token(let index): (.token, index)
        case .special(let index): (.special, index)
        }
      if let last = runs.last, last.source == source, last.range.upperBound == index {
        runs[runs.count - 1] = InputRun(source: source, range: last.range.lowerBound..<index + 1)
      } else {
        runs.append(InputRun(source: source, range: index..<index + 1))
      }
    }
    return runs
  }
}
