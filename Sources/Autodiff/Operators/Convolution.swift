public import Kernels
import Tensors

/// What surrounds an image where a kernel reaches beyond it.
public typealias ConvolutionPadding = Kernels.Padding

/// A convolution of images or sequences.
///
///     y[i, j] = bias + Σ over the kernel of weight[k, l]·x[stride·i + k − top, stride·j + l − left]
///
/// Without other arguments it keeps the image's size: "same" zero padding, stride 1. x, the weights and,
/// in the pullback, dy are rounded to the tape's operand type; sums are float32. How they are multiplied is
/// the tape's `convolutions`.
///
/// - Parameters:
///   - x: Images, `[batch, height, width, inputCount]`, or sequences, `[batch, length, inputCount]`.
///   - weight: `[outputCount, kernelHeight, kernelWidth, inputCount]`, or
///     `[outputCount, kernelSize, inputCount]` for sequences.
///   - bias: `[outputCount]`; none when nil.
///   - stride: Pixels from one place of the kernel to the next, on either axis.
///   - padding: What surrounds an image or a sequence. `.same` and `.circular` need an odd kernel.
///   - resultType: The result's type, and its gradient's: the tape's operand type when only
///     operations that round it to that type anyway read it, so that rounding needs no pass.
/// - Returns: `[batch, outputHeight, outputWidth, outputCount]`, or
///   `[batch, outputLength, outputCount]`, with the sizes of `Windows`.
/// - Precondition: Channels meet, and the kernel fits the padded image.
public func convolution(
  _ x: Variable, weight: Variable, bias: Variable? = nil, stride: Int = 1,
  padding: Padding = .same, resultType: ElementType = .float32
) -> Variable {
  let shape = convolutionShape(x, weight, bias, stride, padding)
  let (arithmetic, observe) = (x.tape.convolutions, x.tape.convolutionObserver)
  observe?(.forward, shape)
  let sizes = [shape.windows.outputHeight, shape.windows.outputWidth, shape.outputCount]
  let y = Tensor(uninitialized: [x.shape[0]] + sizes.suffix(x.shape.count - 1), resultType)
  convolution(
    into: y.buffer, x.operand.buffer, weight: weight.operand.buffer, bias: bias?.value.buffer,
    shape: shape, arithmetic: arithmetic)
  let (xAdjoint, weightAdjoint, biasAdjoint) = (x.adjoint, weight.adjoint, bias?.adjoint)
  let (savedX, xShape, savedWeight) = (x.kept, x.shape, weight.operand)
  return x.tape.record(
    y, from: [x, weight] + (bias.map { [$0] } ?? []), gradientType: resultType
  ) { dy in
    let gradient = gradientOperand(dy, as: savedWeight.elementType)
    xAdjoint?.accumulate(shape: xShape) { dx, isAdding in
      observe?(.inputGradient, shape)
      convolutionBackwardData(
        into: dx, isAdding: isAdding, gradient, weight: savedWeight.buffer, shape: shape,
        arithmetic: arithmetic)
    }
    weightAdjoint?.accumulate(shape: savedWeight.shape) { dWeight, isAdding in
      observe?(.weightGradient, shape)
      convolutionBackwardWeights(
        into: dWeight, isAdding: isAdding, gradient, savedX().buffer, shape: shape,
        arithmetic: arithmetic)
    }
    biasAdjoint?.accumulate(shape: [shape.outputCount]) { dBias, isAdding in
      sumRows(into: dBias, isAdding: isAdding, dy.buffer)
    }
  }
}

/// The sizes; a sequence is an image of one row.
private func convolutionShape(
  _ x: Variable, _ weight: Variable, _ bias: Variable?, _ stride: Int, _ padding: Padding
) -> ConvolutionShape {
  precondition(
    3...4 ~= x.value.dimensionCount && weight.value.dimensionCount == x.value.dimensionCount
      && x.shape.last == weight.shape.last,
    "convolution: x of shape \(x.shape), weight of shape \(weight.shape)")
  if let bias { require(bias.shape, matches: [weight.shape[0]], "convolution, bias") }
  let (sizes, kernel) = (Array(x.shape.suffix(3)), Array(weight.shape.suffix(3)))
  let isSequence = x.shape.count == 3
  let shape = ConvolutionShape(
    batchSize: x.shape[0], height: isSequence ? 1 : sizes[0], width: sizes[1],
    inputCount: sizes[2], outputCount: weight.shape[0], kernelHeight: isSequence ? 1 : kernel[0],
    kernelWidth: kernel[1], stride: stride, padding: padding)
  precondition(
    !isSequence || shape.windows.top == 0 && shape.windows.bottom == 0,
    "convolution: rows of zeros around a sequence of shape \(x.shape), \(shape)")
  return shape
}
