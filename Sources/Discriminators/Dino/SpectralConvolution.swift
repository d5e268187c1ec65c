import Autodiff
import Tensors

/// A convolution of sequences that wrap around, whose weight is divided by its largest singular value.
///
///     y = bias + (W/σ) * x,  σ = uᵀ·W·v
///
/// u and v are state: they advance by one step of the power iteration a pass of the network, from the
/// weight alone. Input `[batch, length, inputCount]`, output `[batch, length, outputCount]`.
/// Source: Miyato et al. 2018.
struct SpectralConvolution {
  /// W, `[outputCount, kernelSize, inputCount]`; published with the kernel's axis last.
  let weight: Parameter
  /// Bias, `[outputCount]`.
  let bias: Parameter
  /// u, `[outputCount]`.
  private let left: Parameter
  /// v, `[kernelSize, inputCount]`; published as a vector with the kernel's axis last.
  private let right: Parameter

  /// Creates `weight_orig` and `bias` in a scope, `weight_u` and `weight_v` in one of buffers.
  init(
    inputCount: Int, outputCount: Int, kernelSize: Int = 1, in scope: ParameterScope,
    buffers: ParameterScope
  ) {
    let uniform = Initializer.fanIn(inputCount * kernelSize)
    weight = scope.parameter(
      "weight_orig", [outputCount, kernelSize, inputCount], uniform, layout: .convolution)
    bias = scope.parameter("bias", [outputCount], uniform)
    left = buffers.parameter("weight_u", [outputCount], .unitVector)
    right = buffers.parameter(
      "weight_v", [kernelSize, inputCount], .unitVector, layout: .convolutionColumns)
  }

  /// Advances u and v, and returns them for the pass that begins.
  ///
  /// What is returned stays as it is when they advance again.
  func advance() -> SpectralVectors {
    let next = SpectralVectors(
      left: left.value, right: right.value.reshaped(to: [right.elementCount])
    ).advanced(for: weight.value)
    left.value.buffer.copy(from: next.left.buffer)
    right.value.buffer.copy(from: next.right.buffer)
    return next
  }

  /// Applies the convolution to `x`, `[batch, length, inputCount]`, with the vectors of a pass.
  func callAsFunction(_ x: Variable, vectors: SpectralVectors) -> Variable {
    convolution(
      x, weight: spectrallyNormalized(x.tape[weight], vectors: vectors), bias: x.tape[bias],
      padding: .circular)
  }
}

extension Initializer {
  /// Uniform in ±1/√count, PyTorch's choice for the weights and biases of a convolution whose results sum
  /// over `count` products.
  static func fanIn(_ count: Int) -> Initializer { .uniform(bound: 1 / Float(count).squareRoot()) }
}
