public import Kernels
import Tensors

/// A convolution with one kernel for each channel.
///
///     y[i, j, c] = bias[c] + Σ over the kernel of weight[c, k, l]·x[stride·i + k − top, stride·j + l − left, c]
///
/// In float32 whatever the tape's operand type: it takes a few operations an element.
///
/// - Parameters:
///   - x: Images, `[batch, height, width, channelCount]`.
///   - weight: `[channelCount, kernelHeight, kernelWidth, 1]`.
///   - bias: `[channelCount]`; none when nil.
///   - stride: Pixels from one place of the kernel to the next, on either axis.
///   - padding: The zeros that surround an image. `.same` needs an odd kernel.
/// - Returns: `[batch, outputHeight, outputWidth, channelCount]`, with the sizes of `Windows`.
/// - Precondition: Channels meet, the kernel fits the padded image, and padding is not `.circular`.
public func depthwiseConvolution(
  _ x: Variable, weight: Variable, bias: Variable? = nil, stride: Int = 1,
  padding: Padding = .same
) -> Variable {
  let images = imageShape(x, "depthwiseConvolution")
  precondition(
    weight.value.dimensionCount == 4 && weight.shape[0] == images.channelCount
      && weight.shape[3] == 1,
    "depthwiseConvolution: x of shape \(x.shape), weight of shape \(weight.shape)")
  if let bias { require(bias.shape, matches: [weight.shape[0]], "depthwiseConvolution, bias") }
  let windows = Windows(
    height: images.height, width: images.width, kernelHeight: weight.shape[1],
    kernelWidth: weight.shape[2], stride: stride, padding: padding)
  let shape = DepthwiseShape(
    batchSize: images.batchSize, channelCount: images.channelCount, windows: windows)
  let y = Tensor(
    uninitialized: [
      images.batchSize, windows.outputHeight, windows.outputWidth, images.channelCount,
    ])
  let (savedX, savedWeight) = (x.value, weight.value)
  depthwiseConvolution(
    into: y.buffer, savedX.buffer, weight: savedWeight.buffer, bias: bias?.value.buffer,
    shape: shape)
  let (xAdjoint, weightAdjoint, biasAdjoint) = (x.adjoint, weight.adjoint, bias?.adjoint)
  return x.tape.record(y, from: [x, weight] + (bias.map { [$0] } ?? [])) { dy in
    xAdjoint?.accumulate(shape: savedX.shape) { dx, isAdding in
      depthwiseConvolutionBackwardData(
        into: dx, isAdding: isAdding, dy.buffer, weight: savedWeight.buffer, shape: shape)
    }
    weightAdjoint?.accumulate(shape: savedWeight.shape) { dWeight, isAdding in
      depthwiseConvolutionBackwardWeights(
        into: dWeight, isAdding: isAdding, dy.buffer, savedX.buffer, shape: shape)
    }
    biasAdjoint?.accumulate(shape: [shape.channelCount]) { dBias, isAdding in
      sumRows(into: dBias, isAdding: isAdding, dy.buffer)
    }
  }
}
