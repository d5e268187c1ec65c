import Autodiff
import Layers

/// Weights of linear maps, convolutions and embeddings of a new tokenizer (Docs/Method.md,
/// section 5).
let tokenizerInitializer = Initializer.truncatedNormal(standardDeviation: 0.02)

/// GroupNorm → SiLU → convolution, twice, plus a skip path.
///
/// Where the width changes, the skip path is a 1×1 convolution of the block's own output, not of its
/// input: the published weights were trained so. Source: Docs/Method.md, section 2.
struct ResidualBlock {
  private let norm1: GroupNorm
  private let convolution1: Convolution
  private let norm2: GroupNorm
  private let convolution2: Convolution
  private let shortcut: Linear?

  init(inputCount: Int, outputCount: Int, groupCount: Int, in scope: ParameterScope) {
    norm1 = GroupNorm(channelCount: inputCount, groupCount: groupCount, in: scope["norm1"])
    convolution1 = Convolution(
      inputCount: inputCount, outputCount: outputCount, hasBias: false,
      initializer: tokenizerInitializer, in: scope["conv1"])
    norm2 = GroupNorm(channelCount: outputCount, groupCount: groupCount, in: scope["norm2"])
    convolution2 = Convolution(
      inputCount: outputCount, outputCount: outputCount, hasBias: false,
      initializer: tokenizerInitializer, in: scope["conv2"])
    shortcut =
      inputCount == outputCount
      ? nil
      : Linear(
        inputSize: outputCount, outputSize: outputCount, hasBias: false,
        initializer: tokenizerInitializer, isPublishedAsConvolution: true,
        in: scope["nin_shortcut"])
  }

  /// `[batch, height, width, inputCount]` → `[batch, height, width, outputCount]`.
  func callAsFunction(_ x: Variable) -> Variable { x.tape.recomputing(x, run) }

  private func run(_ x: Variable) -> Variable {
    let y = convolution2(norm2(convolution1(norm1(x), isOperand: true)))
    guard let shortcut else { return add(y, x) }
    return add(y, shortcut(y))
  }
}

/// Residual blocks that follow one another; the first may change the width.
struct ResidualStage {
  private let blocks: [ResidualBlock]

  init(
    inputCount: Int, outputCount: Int, blockCount: Int, groupCount: Int, in scope: ParameterScope
  ) {
    blocks = (0..<blockCount).map { index in
      ResidualBlock(
        inputCount: index == 0 ? inputCount : outputCount, outputCount: outputCount,
        groupCount: groupCount, in: scope[index])
    }
  }

  func callAsFunction(_ x: Variable) -> Variable { blocks.reduce(x) { $1($0) } }
}
