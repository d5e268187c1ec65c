import CKernels

/// y = the convolution of x plus the bias.
///
/// Pointwise kernels are products; so are kernels whose places on the image do not overlap, and images
/// that wrap around, after their patches were unrolled. Up to four output channels have a kernel of
/// their own; the rest goes to oneDNN or to products of unrolled patches, whichever suits the shape.
///
/// - Parameters:
///   - y: `[batch, outputHeight, outputWidth, output]`; float32 or bfloat16.
///   - x: `[batch, height, width, input]`; float32 or bfloat16, as the weights.
///   - weight: `[output, kernelHeight, kernelWidth, input]`.
///   - bias: `[output]`; none when nil.
///   - shape: The sizes.
///   - route: How bfloat16 operands are multiplied.
public func convolution(
  into y: Buffer, _ x: Buffer, weight: Buffer, bias: Buffer?, shape: ConvolutionShape,
  route: BFloat16Route = .preferred
) {
  shape.check(input: x, weight: weight, output: y, "convolution")
  precondition(
    bias.map { $0.count == shape.outputCount } ?? true,
    "convolution: bias of \(bias?.count ?? 0) for \(shape)")
  if shape.isPointwise {
    affine(
      into: y, x, weight: weight, bias: bias, rowCount: shape.batchSize * shape.pixelCount,
      route: route)
  } else if shape.windows.areDisjoint || shape.windows.isCircular {
    convolutionByProducts(into: y, x, weight: weight, bias: bias, shape: shape, route: route)
  } else if let library = OneDNNConvolution.bfloat16(
    .forward(hasBias: bias != nil), shape, x, weight, route, result: y.elementType)
  {
    library.run(output: y, input: x, weight: weight, bias: bias)
  } else if y.elementType == .bfloat16 {
    let wide = Buffer(.float32, count: y.count)
    convolution(into: wide, x, weight: weight, bias: bias, shape: shape, route: .widened)
    roundToBFloat16(into: y, wide)
  } else if x.elementType == .bfloat16 || weight.elementType == .bfloat16 {
    convolution(
      into: y, x.widened, weight: weight.widened, bias: bias, shape: shape, route: .widened)
  } else if shape.outputCount <= 4, shape.windows.isSame {
    narrowConvolution(into: y, x, weight: weight, bias: bias, shape: shape)
  } else if let library = OneDNNConvolution.preferred(
    .forward(hasBias: bias != nil), shape: shape)
  {
    library.run(output: y, input: x, weight: weight, bias: bias)
  } else {
    convolutionByProducts(into: y, x, weight: weight, bias: bias, shape: shape)
  }
}

/// dx = the gradient of a convolution's input, or dx += when `isAdding`.
///
/// - Parameters:
///   - dx: `[batch, height, width, input]`; float32, or bfloat16 when it is not added to.
///   - isAdding: Whether to add to `dx`.
///   - dy: `[batch, outputHeight, outputWidth, output]`; float32 or bfloat16, as the weights.
///   - weight: `[output, kernelHeight, kernelWidth, input]`.
///   - shape: The sizes.
///   - route: How bfloat16 operands are multiplied.
public func convolutionBackwardData(
  into dx: Buffer, isAdding: Bool, _ dy: Buffer, weight: Buffer, shape: ConvolutionShape,
  route: BFloat16Route = .preferred
) {
  shape.check(input: dx, weight: weight, output: dy, "convolutionBackwardData")
  precondition(
    !isAdding || dx.elementType == .float32,
    "convolutionBackwardData: a gradient of type bfloat16 cannot be added to")
  if shape.isPointwise {
    affineBackwardData(
      into: dx, isAdding: isAdding, dy, weight: weight,
      rowCount: shape.batchSize * shape.pixelCount, route: route)
  } else if let turned = shape.mirrored {
    mirroredConvolution(
      into: dx, isAdding: isAdding, dy, weight: weight, shape: shape, turned, route: route)
  } else {
    foldedGradient(
      into: dx, isAdding: isAdding, dy, weight: weight, shape: shape, route: route)
  }
}

/// The gradient of a convolution's input as a convolution of dy with the turned kernel; `turned` is its
/// shape.
private func mirroredConvolution(
  into dx: Buffer, isAdding: Bool, _ dy: Buffer, weight: Buffer, shape: ConvolutionShape,
  _ turned: ConvolutionShape, route: BFloat16Route
) {
  if let library = OneDNNConvolution.bfloat16(
    .forwardByTap, turned, dy, weight, route, result: dx.elementType)
  {
    addOrWrite(into: dx, isAdding: isAdding) {
      library.run(output: $0, input: dy, weight: mirrored(weight, shape: shape), bias: nil)
    }
  } else if dx.elementType == .bfloat16 {
    let wide = Buffer(.float32, count: dx.count)
    mirroredConvolution(
      into: wide, isAdding: false, dy, weight: weight, shape: shape, turned, route: .widened)
    roundToBFloat16(into: dx, wide)
  } else if dy.elementType == .bfloat16 || weight.elementType == .bfloat16 {
    mirroredConvolution(
      into: dx, isAdding: isAdding, dy.widened, weight: weight.widened, shape: shape, turned,
      route: .widened)
  } else if let library = OneDNNConvolution.preferred(.forwardByTap, shape: turned) {
    addOrWrite(into: dx, isAdding: isAdding) {
      library.run(output: $0, input: dy, weight: mirrored(weight, shape: shape), bias: nil)
    }
  } else {
    mirroredConvolutionByProducts(
      into: dx, isAdding: isAdding, dy, weight: weight, shape: shape, turned)
  }
}

/// dW = the gradient of a convolution's weights, or dW += when `isAdding`.
///
/// - Parameters:
///   - dWeight: `[output, kernelHeight, kernelWidth, input]`.
///   - isAdding: Whether to add to `dWeight`.
///   - dy: `[batch, outputHeight, outputWidth, output]`; float32 or bfloat16, as the input.
///   - x: `[batch, height, width, input]`.
///   - shape: The sizes.
///   - route: How bfloat16 operands are multiplied.
public func convolutionBackwardWeights(
  into dWeight: Buffer, isAdding: Bool, _ dy: Buffer, _ x: Buffer, shape: ConvolutionShape,
  route: BFloat16Route = .preferred
) {
  shape.check(input: x, weight: dWeight, output: dy, "convolutionBackwardWeights")
  if shape.isPointwise {
    affineBackwardWeights(
      into: dWeight, isAdding: isAdding, dy, x, rowCount: shape.batchSize * shape.pixelCount,
      route: route)
  } else if !shape.windows.isSame {
    wholePatchGradient(into: dWeight, isAdding: isAdding, dy, x, shape: shape, route: route)
  } else if route.multipliesAsTheyAre(dy, x), PanelConvolution.isPreferred(for: shape) {
    PanelConvolution(shape).weightGradient(into: dWeight, isAdding: isAdding, dy, x)
  } else if let library = OneDNNConvolution.bfloat16(.backwardWeights, shape, dy, x, route) {
    addOrWrite(into: dWeight, isAdding: isAdding) {
      library.run(output: dy, input: x, weight: $0, bias: nil)
    }
  } else if dy.elementType == .bfloat16 || x.elementType == .bfloat16 {
    patchGradient(into: dWeight, isAdding: isAdding, dy.widened, x.widened, shape: shape)
  } else {
    patchGradient(into: dWeight, isAdding: isAdding, dy, x, shape: shape)
  }
}

extension OneDNNConvolution {
  /// oneDNN's convolution of two bfloat16 operands; nil where the route or oneDNN has none.
  fileprivate static func bfloat16(
    _ direction: Direction, _ shape: ConvolutionShape, _ first: Buffer, _ second: Buffer,
    _ route: BFloat16Route, result: ElementType = .float32
  ) -> OneDNNConvolution? {
    guard route.multipliesAsTheyAre(first, second) else { return nil }
    return convolution(direction, shape: shape, operandType: .bfloat16, resultType: result)
  }
}

/// Lets `write` fill `target`, or scratch memory that is then added to it.
private func addOrWrite(into target: Buffer, isAdding: Bool, _ write: (Buffer) -> Void) {
  guard isAdding else { return write(target) }
  let added = Buffer(.float32, count: target.count)
  write(added)
  addInPlace(target, added)
}

private func narrowConvolution(
  into y: Buffer, _ x: Buffer, weight: Buffer, bias: Buffer?, shape: ConvolutionShape
) {
  let (target, source, weights, added) = (y.floats, x.floats, weight.floats, bias?.floats)
  let work = shape.width * shape.tapCount * shape.inputCount
  parallelFor(shape.batchSize * shape.height, grain: rowGrain(work)) { rows in
    for row in rows {
      let (image, line) = row.quotientAndRemainder(dividingBy: shape.height)
      CKernels_narrowConvolution(
        target + row * shape.width * shape.outputCount,
        source + image * shape.pixelCount * shape.inputCount, weights, added,
        Int64(shape.height), Int64(shape.width), Int64(shape.inputCount),
        Int64(shape.outputCount), Int64(shape.kernelHeight), Int64(shape.kernelWidth),
        Int64(line), 1)
    }
  }
}

/// The kernel turned by 180 degrees, from `[output, taps, input]` to `[taps, output, input]`.
package func mirrored(_ weight: Buffer, shape: ConvolutionShape) -> Buffer {
  let (mirrored, size) = (
    Buffer(weight.elementType, count: weight.count), weight.elementType.byteCount
  )
  let (target, source) = (mirrored.address, weight.address)
  moveTaps(weightCount: shape.weightCount, shape: shape) { straight, turned, count in
    (target + turned * size).copyMemory(from: source + straight * size, byteCount: count * size)
  }
  return mirrored
}

/// Calls `move` for each run of inputs with its place in `[output, taps, input]`, and in the turned
/// kernel `[taps, output, input]`.
func moveTaps(
  weightCount: Int, shape: ConvolutionShape,
  _ move: (_ straight: Int, _ turned: Int, _ count: Int) -> Void
) {
  let (outputs, taps, inputs) = (shape.outputCount, shape.tapCount, shape.inputCount)
  parallelFor(taps * outputs, grain: rowGrain(inputs)) { runs in
    for run in runs {
      let (tap, output) = run.quotientAndRemainder(dividingBy: outputs)
      move((output * taps + (taps - 1 - tap)) * inputs, run * inputs, inputs)
    }
  }
}
