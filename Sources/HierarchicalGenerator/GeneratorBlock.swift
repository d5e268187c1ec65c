import Autodiff
import Layers
import Tensors

/// Weights of linear maps and embeddings of a new generator (Docs/Method.md, section 6).
let generatorInitializer = Initializer.normal(standardDeviation: 0.02)

/// A pre-norm block: attention without biases, then SwiGLU, each with dropout on its output.
///
///     x = x + drop(Attention(RMSNorm(x)));  x = x + drop(w2(silu(w1 x)·w3 x))
///
/// Tokens `[batch, positions, width]`. Source: Docs/Method.md, section 6.
struct GeneratorBlock {
  private let attentionNorm: RMSNorm
  private let attention: MultiHeadAttention
  private let feedForwardNorm: RMSNorm
  private let gate: Linear
  private let value: Linear
  private let contraction: Linear
  private let dropoutProbability: Float

  init(_ configuration: Generator.Configuration, in scope: ParameterScope) {
    let (width, hidden) = (configuration.width, configuration.hiddenSize)
    func map(_ inputSize: Int, _ outputSize: Int, _ scope: ParameterScope) -> Linear {
      Linear(
        inputSize: inputSize, outputSize: outputSize, hasBias: false,
        initializer: generatorInitializer, in: scope)
    }
    attention = MultiHeadAttention(
      MultiHeadAttention.Configuration(
        width: width, headCount: configuration.headCount, projection: .packed(name: "wqkv"),
        bias: .none, hasHeadNorms: false, outputName: "wo", hasOutputBias: false),
      initializer: generatorInitializer, in: scope["attention"])
    gate = map(width, hidden, scope["feed_forward"]["w1"])
    value = map(width, hidden, scope["feed_forward"]["w3"])
    contraction = map(hidden, width, scope["feed_forward"]["w2"])
    attentionNorm = RMSNorm(channelCount: width, in: scope["attention_norm"])
    feedForwardNorm = RMSNorm(channelCount: width, in: scope["ffn_norm"])
    dropoutProbability = configuration.dropout
  }

  /// All positions at once; `key` is nil outside training.
  func callAsFunction(
    _ x: Variable, rotary: RotaryTable, mask: BlockCausalMask, key: RandomKey?
  ) -> Variable {
    x.tape.recomputing(x) {
      run($0, rotary: rotary, mask: mask, key: key)
    }
  }

  private func run(
    _ x: Variable, rotary: RotaryTable, mask: BlockCausalMask, key: RandomKey?
  ) -> Variable {
    let attended = attention(attentionNorm(x), rotary: rotary, mask: mask)
    let y = add(x, dropout(attended, probability: dropoutProbability, key: key?.child(0)))
    return add(y, dropout(feedForward(y), probability: dropoutProbability, key: key?.child(1)))
  }

  /// The next positions of a sequence whose keys and values are cached.
  func callAsFunction(_ x: Variable, rotary: RotaryTable, cache: KeyValueCache) -> Variable {
    let y = add(x, attention(attentionNorm(x), rotary: rotary, cache: cache))
    return add(y, feedForward(y))
  }

  private func feedForward(_ x: Variable) -> Variable {
    let normalized = feedForwardNorm(x)
    return contraction(
      siluProduct(gate(normalized, isOperand: true), value(normalized, isOperand: true)))
  }
}
