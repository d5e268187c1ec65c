import Autodiff
import Tensors

/// One head of the discriminator: a one-dimensional network over the positions of one activation.
///
///     h = A₁(x);  y = (A₉(h) + h)/√2;  logits = convolution of width 1 of y to one channel
///
/// with Aₖ a convolution of width k, grouped batch normalisation and leaky ReLU.
/// Input `[batch, length, width]`, output `[batch, length]`.
struct DinoHead {
  private let first: Block
  private let second: Block
  private let last: SpectralConvolution

  /// A convolution, its norm and an activation.
  private struct Block {
    let convolution: SpectralConvolution
    let norm: GroupedBatchNorm

    init(
      _ configuration: DinoHeads.Configuration, kernelSize: Int,
      in scope: ParameterScope, buffers: ParameterScope
    ) {
      convolution = SpectralConvolution(
        inputCount: configuration.width, outputCount: configuration.width, kernelSize: kernelSize,
        in: scope[0], buffers: buffers[0])
      norm = GroupedBatchNorm(
        channelCount: configuration.width, grouping: configuration.grouping,
        epsilon: configuration.epsilon, in: scope[1])
    }

    func callAsFunction(_ x: Variable, vectors: SpectralVectors) -> Variable {
      leakyReLU(norm(convolution(x, vectors: vectors)), slope: 0.2)
    }
  }

  /// Creates the head's parameters and buffers.
  init(
    _ configuration: DinoHeads.Configuration, in scope: ParameterScope,
    buffers: ParameterScope
  ) {
    first = Block(configuration, kernelSize: 1, in: scope[0], buffers: buffers[0])
    second = Block(
      configuration, kernelSize: configuration.kernelSize, in: scope[1]["fn"],
      buffers: buffers[1]["fn"])
    last = SpectralConvolution(
      inputCount: configuration.width, outputCount: 1, in: scope[2], buffers: buffers[2])
  }

  /// Advances the spectral vectors of the three convolutions, and returns them.
  func advance() -> [SpectralVectors] {
    [first.convolution, second.convolution, last].map { $0.advance() }
  }

  /// The logits of `x`, `[batch, length, width]`.
  func callAsFunction(_ x: Variable, vectors: [SpectralVectors]) -> Variable {
    let h = first(x, vectors: vectors[0])
    let y = scale(add(second(h, vectors: vectors[1]), h), by: Float(0.5).squareRoot())
    return reshape(last(y, vectors: vectors[2]), to: [x.shape[0], x.shape[1]])
  }
}
