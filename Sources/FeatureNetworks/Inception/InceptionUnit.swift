import Autodiff
import Layers
import Tensors

/// A convolution without bias, batch normalisation with running statistics, and a ReLU.
///
///     y = relu((W * x − mean) · gain / √(variance + 0.001) + bias)
///
/// The norm is folded into W and the bias once they are read.
struct InceptionUnit {
  private let unit: InceptionArchitecture.Unit
  private let weight: Parameter
  private let gain: Parameter
  private let bias: Parameter
  private let mean: Parameter
  private let variance: Parameter
  private static let epsilon: Float = 0.001

  /// Channels of the result.
  var outputCount: Int { weight.shape[0] }

  init(
    _ unit: InceptionArchitecture.Unit, inputCount: Int, outputCount: Int, in scope: ParameterScope
  ) {
    self.unit = unit
    let (convolution, norm) = (scope["conv"], scope["bn"])
    weight = convolution.parameter(
      "weight", [outputCount, unit.rows, unit.columns, inputCount], frozenInitializer,
      layout: .convolution)
    gain = norm.parameter("weight", [outputCount], .constant(1))
    bias = norm.parameter("bias", [outputCount], .constant(0))
    mean = norm.parameter("running_mean", [outputCount], .constant(0))
    variance = norm.parameter("running_var", [outputCount], .constant(1))
  }

  /// Multiplies the norm into the weights; once, after they were read.
  func fold() {
    func numbers(_ parameter: Parameter) -> [Float] { parameter.value.array(of: Float.self) }
    let factors = zip(numbers(gain), numbers(variance)).map { gain, variance in
      gain / (variance + Self.epsilon).squareRoot()
    }
    let rowSize = weight.elementCount / outputCount
    let folded = numbers(weight).enumerated().map { $1 * factors[$0 / rowSize] }
    let shifts = zip(zip(numbers(bias), numbers(mean)), factors).map { pair, factor in
      pair.0 - pair.1 * factor
    }
    weight.assign(Tensor(folded, shape: weight.shape))
    bias.assign(Tensor(shifts, shape: bias.shape))
  }

  /// Applies the unit to `x`, `[batch, height, width, inputCount]`.
  func callAsFunction(_ x: Variable) -> Variable {
    let tape = x.tape
    return relu(
      convolution(
        x, weight: tape[weight], bias: tape[bias], stride: unit.stride,
        padding: unit.isValid ? .valid : .same))
  }
}
