import Autodiff
import Layers

/// A pre-norm transformer block with LayerScale.
///
///     x = x + γ₁·Attention(LN(x));  x = x + γ₂·MLP(LN(x))
///
/// Tokens `[batch, tokens, width]`. Source: Docs/Method.md, section 3 (block).
struct TransformerBlock {
  private let norm1: LayerNorm
  private let attention: MultiHeadAttention
  private let gamma1: Parameter
  private let norm2: LayerNorm
  private let expansion: Linear
  private let contraction: Linear
  private let gamma2: Parameter

  init(width: Int, headCount: Int, in scope: ParameterScope) {
    norm1 = LayerNorm(channelCount: width, in: scope["norm1"])
    attention = MultiHeadAttention(
      MultiHeadAttention.Configuration(
        width: width, headCount: headCount, projection: .packed(name: "qkv"),
        bias: .queriesAndValues, hasHeadNorms: true, outputName: "proj", hasOutputBias: true),
      initializer: tokenizerInitializer, in: scope["attn"])
    gamma1 = scope.parameter("gamma_1", [width], .constant(1))
    norm2 = LayerNorm(channelCount: width, in: scope["norm2"])
    expansion = Linear(
      inputSize: width, outputSize: 4 * width, initializer: tokenizerInitializer,
      in: scope["mlp"]["fc1"])
    contraction = Linear(
      inputSize: 4 * width, outputSize: width, initializer: tokenizerInitializer,
      in: scope["mlp"]["fc2"])
    gamma2 = scope.parameter("gamma_2", [width], .constant(1))
  }

  /// Runs the block; `merge` stands between its halves in a merging block.
  func callAsFunction(
    _ x: Variable, rotary: RotaryTable, mask: BlockCausalMask?,
    merge: ((Variable) -> Variable)? = nil
  ) -> Variable {
    x.tape.recomputing(x) { run($0, rotary: rotary, mask: mask, merge: merge) }
  }

  private func run(
    _ x: Variable, rotary: RotaryTable, mask: BlockCausalMask?, merge: ((Variable) -> Variable)?
  ) -> Variable {
    let tape = x.tape
    let normalized = norm1(x, isOperand: true)
    let attended = residual(
      x, attention(normalized, rotary: rotary, mask: mask, isOperand: true), scale: tape[gamma1])
    let merged = merge.map { $0(attended) } ?? attended
    return residual(
      merged, feedForward(norm2(merged, isOperand: true)), scale: tape[gamma2])
  }

  private func feedForward(_ x: Variable) -> Variable {
    let tape = x.tape
    guard let bias = expansion.bias else { return contraction(gelu(expansion(x)), isOperand: true) }
    return contraction(
      linearGELU(x, weight: tape[expansion.weight], bias: tape[bias]), isOperand: true)
  }
}
