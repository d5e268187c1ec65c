import CKernels

/// The sizes of a depthwise convolution, which has one kernel for each channel.
public struct DepthwiseShape: Sendable, Hashable, CustomStringConvertible {
  /// Number of images.
  public let batchSize: Int
  /// Channels of the input and of the output.
  public let channelCount: Int
  /// Where the kernels lie on an image.
  public let windows: Windows

  /// The sizes of a depthwise convolution of `[batch, height, width, channels]` images.
  ///
  /// - Precondition: Sizes are positive, and zeros surround the image.
  public init(batchSize: Int, channelCount: Int, windows: Windows) {
    self.batchSize = batchSize
    self.channelCount = channelCount
    self.windows = windows
    precondition(
      batchSize > 0 && channelCount > 0 && !windows.isCircular,
      "depthwiseConvolution: sizes must be positive, and zeros around the image: \(self)")
  }

  /// The sizes in one line, for messages.
  public var description: String { "\(batchSize) images, \(channelCount) channels, \(windows)" }

  /// Elements of the weights.
  public var weightCount: Int { channelCount * windows.tapCount }
  /// Elements of the input.
  public var inputElementCount: Int { batchSize * windows.pixelCount * channelCount }
  /// Elements of the output.
  public var outputElementCount: Int { batchSize * windows.outputPixelCount * channelCount }

  fileprivate func check(input: Buffer, weight: Buffer, output: Buffer, _ name: String) {
    precondition(
      input.count == inputElementCount && weight.count == weightCount
        && output.count == outputElementCount,
      "\(name): \(input.count), \(weight.count) and \(output.count) elements for \(self)")
  }
}

/// y = the depthwise convolution of x plus the bias.
///
/// - Parameters:
///   - y: `[batch, outputHeight, outputWidth, channels]`.
///   - x: `[batch, height, width, channels]`.
///   - weight: `[channels, kernelHeight, kernelWidth]`.
///   - bias: `[channels]`; none when nil.
///   - shape: The sizes.
public func depthwiseConvolution(
  into y: Buffer, _ x: Buffer, weight: Buffer, bias: Buffer?, shape: DepthwiseShape
) {
  shape.check(input: x, weight: weight, output: y, "depthwiseConvolution")
  precondition(
    bias.map { $0.count == shape.channelCount } ?? true,
    "depthwiseConvolution: bias of \(bias?.count ?? 0) for \(shape)")
  convolveRows(
    into: y, isAdding: false, x, byTap: weightsByTap(weight, shape, isTurned: false), bias: bias,
    shape)
}

/// dx = the gradient of a depthwise convolution's input, or dx += when `isAdding`.
///
/// - Parameters:
///   - dx: `[batch, height, width, channels]`.
///   - isAdding: Whether to add to `dx`.
///   - dy: `[batch, outputHeight, outputWidth, channels]`.
///   - weight: `[channels, kernelHeight, kernelWidth]`.
///   - shape: The sizes.
public func depthwiseConvolutionBackwardData(
  into dx: Buffer, isAdding: Bool, _ dy: Buffer, weight: Buffer, shape: DepthwiseShape
) {
  shape.check(input: dx, weight: weight, output: dy, "depthwiseConvolutionBackwardData")
  if let turned = shape.windows.mirrored {
    return convolveRows(
      into: dx, isAdding: isAdding, dy, byTap: weightsByTap(weight, shape, isTurned: true),
      bias: nil,
      DepthwiseShape(
        batchSize: shape.batchSize, channelCount: shape.channelCount, windows: turned))
  }
  let byTap = weightsByTap(weight, shape, isTurned: false)
  let (target, source, factors) = (dx.floats, dy.floats, byTap.floats)
  let (windows, channelCount) = (shape.windows, shape.channelCount)
  let rowSize = windows.width * channelCount
  parallelFor(shape.batchSize * windows.height, grain: rowGrain(rowSize)) { rows in
    for row in rows {
      let (image, line) = row.quotientAndRemainder(dividingBy: windows.height)
      CKernels_depthwiseBackwardData(
        target + row * rowSize, source + image * windows.outputPixelCount * channelCount, factors,
        windows.layout, Int64(channelCount), isAdding ? 1 : 0, Int64(line), 1)
    }
  }
}

/// dW = the gradient of a depthwise convolution's weights, or dW += when `isAdding`.
///
/// Partial results of a fixed number of groups of rows, added in their order.
///
/// - Parameters:
///   - dWeight: `[channels, kernelHeight, kernelWidth]`.
///   - isAdding: Whether to add to `dWeight`.
///   - dy: `[batch, outputHeight, outputWidth, channels]`.
///   - x: `[batch, height, width, channels]`.
///   - shape: The sizes.
public func depthwiseConvolutionBackwardWeights(
  into dWeight: Buffer, isAdding: Bool, _ dy: Buffer, _ x: Buffer, shape: DepthwiseShape
) {
  shape.check(input: x, weight: dWeight, output: dy, "depthwiseConvolutionBackwardWeights")
  let (windows, channelCount, width) = (shape.windows, shape.channelCount, shape.weightCount)
  let rowCount = shape.batchSize * windows.outputHeight
  let groupCount = min(rowCount, 32)
  let partials = Buffer(.float32, count: groupCount * width)
  fill(partials, with: 0)
  let (target, gradients, source) = (partials.floats, dy.floats, x.floats)
  parallelFor(groupCount) { groups in
    for group in groups {
      for row in rowCount * group / groupCount..<rowCount * (group + 1) / groupCount {
        let (image, line) = row.quotientAndRemainder(dividingBy: windows.outputHeight)
        CKernels_depthwiseBackwardWeights(
          target + group * width, gradients + row * windows.outputWidth * channelCount,
          source + image * windows.pixelCount * channelCount, windows.layout, Int64(channelCount),
          Int64(line), 1)
      }
    }
  }
  let byTap = Buffer(.float32, count: width)
  combinePartials(into: byTap, isAdding: false, partials)
  transposeMatrices(
    into: dWeight, byTap, batchCount: 1, rowCount: windows.tapCount, columnCount: channelCount,
    isAdding: isAdding)
}

private func convolveRows(
  into y: Buffer, isAdding: Bool, _ x: Buffer, byTap weight: Buffer, bias: Buffer?,
  _ shape: DepthwiseShape
) {
  let (target, source, factors, added) = (y.floats, x.floats, weight.floats, bias?.floats)
  let (windows, channelCount) = (shape.windows, shape.channelCount)
  let rowSize = windows.outputWidth * channelCount
  let grain = rowGrain(rowSize * windows.tapCount)
  parallelFor(shape.batchSize * windows.outputHeight, grain: grain) { rows in
    for row in rows {
      let (image, line) = row.quotientAndRemainder(dividingBy: windows.outputHeight)
      CKernels_depthwiseConvolution(
        target + row * rowSize, source + image * windows.pixelCount * channelCount, factors,
        added, windows.layout, Int64(channelCount), isAdding ? 1 : 0, Int64(line), 1)
    }
  }
}

/// The weights from `[channels, taps]` to `[taps, channels]`, the kernels turned by 180 degrees when
/// asked.
private func weightsByTap(_ weight: Buffer, _ shape: DepthwiseShape, isTurned: Bool) -> Buffer {
  let (taps, channelCount) = (shape.windows.tapCount, shape.channelCount)
  let byTap = Buffer(.float32, count: weight.count)
  transposeMatrices(
    into: byTap, weight, batchCount: 1, rowCount: channelCount, columnCount: taps)
  guard isTurned else { return byTap }
  let turned = Buffer(.float32, count: weight.count)
  for tap in 0..<taps {
    let place = (taps - 1 - tap) * channelCount
    turned[place..<place + channelCount].copy(
      from: byTap[tap * channelCount..<(tap + 1) * channelCount])
  }
  return turned
}
