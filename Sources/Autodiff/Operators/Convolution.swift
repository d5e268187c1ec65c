public import Kernels
import Tensors

/// A convolution that keeps the image's size: "same" zero padding, stride 1.
///
/// x, the weights and, in the pullback, dy are rounded to the tape's operand type; sums are float32.
///
/// - Parameters:
///   - x: Images, `[batch, height, width, inputCount]`.
///   - weight: `[outputCount, kernelHeight, kernelWidth, inputCount]` with an odd kernel.
///   - bias: `[outputCount]`; none when nil.
///   - resultType: The result's type, and its gradient's: the tape's operand type when only
///     operations that round it to that type anyway read it, so that rounding needs no pass.
/// - Returns: `[batch, height, width, outputCount]`.
public func convolution(
  _ x: Variable, weight: Variable, bias: Variable? = nil, resultType: ElementType = .float32
) -> Variable {
  let shape = convolutionShape(x, weight, bias)
  let y = Tensor(uninitialized: x.shape.dropLast() + [shape.outputCount], resultType)
  convolution(
    into: y.buffer, x.operand.buffer, weight: weight.operand.buffer, bias: bias?.value.buffer,
    shape: shape)
  let (xAdjoint, weightAdjoint, biasAdjoint) = (x.adjoint, weight.adjoint, bias?.adjoint)
  let (savedX, xShape, savedWeight) = (x.kept, x.shape, weight.operand)
  return x.tape.record(
    y, from: [x, weight] + (bias.map { [$0] } ?? []), gradientType: resultType
  ) { dy in
    let gradient = gradientOperand(dy, as: savedWeight.elementType)
    xAdjoint?.accumulate(shape: xShape) { dx, isAdding in
      convolutionBackwardData(
        into: dx, isAdding: isAdding, gradient, weight: savedWeight.buffer, shape: shape)
    }
    weightAdjoint?.accumulate(shape: savedWeight.shape) { dWeight, isAdding in
      convolutionBackwardWeights(
        into: dWeight, isAdding: isAdding, gradient, savedX().buffer, shape: shape)
    }
    biasAdjoint?.accumulate(shape: [shape.outputCount]) { dBias, isAdding in
      sumRows(into: dBias, isAdding: isAdding, dy.buffer)
    }
  }
}

private func convolutionShape(_ x: Variable, _ weight: Variable, _ bias: Variable?)
  -> ConvolutionShape
{
  precondition(
    x.value.dimensionCount == 4 && weight.value.dimensionCount == 4
      && x.shape[3] == weight.shape[3],
    "convolution: x of shape \(x.shape), weight of shape \(weight.shape)")
  if let bias { require(bias.shape, matches: [weight.shape[0]], "convolution, bias") }
  return ConvolutionShape(
    batchSize: x.shape[0], height: x.shape[1], width: x.shape[2], inputCount: x.shape[3],
    outputCount: weight.shape[0], kernelHeight: weight.shape[1], kernelWidth: weight.shape[2])
}
