import CKernels

/// y = the convolution of x plus the bias, by the route that `ConvolutionRoute.preferred` chooses.
///
/// - Parameters:
///   - y: `[batch, outputHeight, outputWidth, output]`; float32 or bfloat16.
///   - x: `[batch, height, width, input]`; float32 or bfloat16, as the weights.
///   - weight: `[output, kernelHeight, kernelWidth, input]`.
///   - bias: `[output]`; none when nil.
///   - shape: The sizes.
///   - arithmetic: What error the result may have.
///   - route: How bfloat16 operands are multiplied.
public func convolution(
  into y: Buffer, _ x: Buffer, weight: Buffer, bias: Buffer?, shape: ConvolutionShape,
  arithmetic: ConvolutionArithmetic = .accurate, route: BFloat16Route = .preferred
) {
  shape.check(input: x, weight: weight, output: y, "convolution")
  precondition(
    bias.map { $0.count == shape.outputCount } ?? true,
    "convolution: bias of \(bias?.count ?? 0) for \(shape)")
  let chosen = ConvolutionRoute.preferred(
    .forward, shape, hasBias: bias != nil, operandType: route.operandType(x, weight),
    resultType: y.elementType, arithmetic: arithmetic)
  switch chosen {
  case .winograd(let variant, let type):
    WinogradConvolution(shape, variant, multiplying: WinogradProducts(type)).run(
      into: y, x, weight: weight, bias: bias)
  case .pointwise:
    affine(
      into: y, x, weight: weight, bias: bias, rowCount: shape.batchSize * shape.pixelCount,
      route: route)
  case .patches:
    convolutionByProducts(into: y, x, weight: weight, bias: bias, shape: shape, route: route)
  case .library(.bfloat16):
    OneDNNConvolution.chosen(
      .forward(hasBias: bias != nil), shape, .bfloat16, resultType: y.elementType
    ).run(output: y, input: x, weight: weight, bias: bias)
  case .library:
    writeWide(into: y) { wide in
      OneDNNConvolution.chosen(.forward(hasBias: bias != nil), shape, .float32).run(
        output: wide, input: x.widened, weight: weight.widened, bias: bias)
    }
  case .narrow:
    writeWide(into: y) { wide in
      narrowConvolution(into: wide, x.widened, weight: weight.widened, bias: bias, shape: shape)
    }
  case .strips:
    writeWide(into: y) { wide in
      convolutionByProducts(
        into: wide, x.widened, weight: weight.widened, bias: bias, shape: shape)
    }
  case .panels: preconditionFailure("convolution: \(chosen) gives no output of \(shape)")
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
///   - arithmetic: What error the result may have.
///   - route: How bfloat16 operands are multiplied.
public func convolutionBackwardData(
  into dx: Buffer, isAdding: Bool, _ dy: Buffer, weight: Buffer, shape: ConvolutionShape,
  arithmetic: ConvolutionArithmetic = .accurate, route: BFloat16Route = .preferred
) {
  shape.check(input: dx, weight: weight, output: dy, "convolutionBackwardData")
  precondition(
    !isAdding || dx.elementType == .float32,
    "convolutionBackwardData: a gradient of type bfloat16 cannot be added to")
  let chosen = ConvolutionRoute.preferred(
    .inputGradient, shape, operandType: route.operandType(dy, weight),
    resultType: dx.elementType, arithmetic: arithmetic)
  if chosen == .pointwise {
    affineBackwardData(
      into: dx, isAdding: isAdding, dy, weight: weight,
      rowCount: shape.batchSize * shape.pixelCount, route: route)
  } else if let turned = shape.mirrored {
    mirroredConvolution(
      into: dx, isAdding: isAdding, dy, weight: weight, shape: shape, turned, by: chosen)
  } else {
    foldedGradient(
      into: dx, isAdding: isAdding, dy, weight: weight, shape: shape, route: route)
  }
}

/// The gradient of a convolution's input as a convolution of dy with the turned kernel; `turned` is its
/// shape.
private func mirroredConvolution(
  into dx: Buffer, isAdding: Bool, _ dy: Buffer, weight: Buffer, shape: ConvolutionShape,
  _ turned: ConvolutionShape, by route: ConvolutionRoute
) {
  switch route {
  case .winograd(let variant, let type):
    WinogradConvolution(turned, variant, multiplying: WinogradProducts(type)).run(
      into: dx, isAdding: isAdding, dy, weight: weight, bias: nil, isTurned: true)
  case .library(.bfloat16):
    addOrWrite(into: dx, isAdding: isAdding) {
      OneDNNConvolution.chosen(.forwardByTap, turned, .bfloat16, resultType: dx.elementType).run(
        output: $0, input: dy, weight: mirrored(weight, shape: shape), bias: nil)
    }
  case .library:
    writeWide(into: dx) { wide in
      addOrWrite(into: wide, isAdding: isAdding) {
        OneDNNConvolution.chosen(.forwardByTap, turned, .float32).run(
          output: $0, input: dy.widened, weight: mirrored(weight.widened, shape: shape), bias: nil)
      }
    }
  case .strips:
    writeWide(into: dx) { wide in
      mirroredConvolutionByProducts(
        into: wide, isAdding: isAdding, dy.widened, weight: weight.widened, shape: shape, turned)
    }
  case .pointwise, .patches, .narrow, .panels:
    preconditionFailure("convolutionBackwardData: \(route) gives no gradient of \(shape)")
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
///   - arithmetic: What error the result may have.
///   - route: How bfloat16 operands are multiplied.
public func convolutionBackwardWeights(
  into dWeight: Buffer, isAdding: Bool, _ dy: Buffer, _ x: Buffer, shape: ConvolutionShape,
  arithmetic: ConvolutionArithmetic = .accurate, route: BFloat16Route = .preferred
) {
  shape.check(input: x, weight: dWeight, output: dy, "convolutionBackwardWeights")
  let chosen = ConvolutionRoute.preferred(
    .weightGradient, shape, operandType: route.operandType(dy, x), arithmetic: arithmetic)
  switch chosen {
  case .winograd(let variant, let type):
    WinogradWeightGradient(shape, variant, multiplying: WinogradProducts(type)).run(
      into: dWeight, isAdding: isAdding, dy, x)
  case .pointwise:
    affineBackwardWeights(
      into: dWeight, isAdding: isAdding, dy, x, rowCount: shape.batchSize * shape.pixelCount,
      route: route)
  case .patches:
    wholePatchGradient(into: dWeight, isAdding: isAdding, dy, x, shape: shape, route: route)
  case .panels:
    PanelConvolution(shape).weightGradient(into: dWeight, isAdding: isAdding, dy, x)
  case .library:
    addOrWrite(into: dWeight, isAdding: isAdding) {
      OneDNNConvolution.chosen(.backwardWeights, shape, .bfloat16).run(
        output: dy, input: x, weight: $0, bias: nil)
    }
  case .strips:
    patchGradient(into: dWeight, isAdding: isAdding, dy.widened, x.widened, shape: shape)
  case .narrow:
    preconditionFailure("convolutionBackwardWeights: \(chosen) gives no gradient of \(shape)")
  }
}

extension OneDNNConvolution {
  /// The convolution that a route says there is.
  fileprivate static func chosen(
    _ direction: Direction, _ shape: ConvolutionShape, _ operandType: ElementType,
    resultType: ElementType = .float32
  ) -> OneDNNConvolution {
    guard
      let known = convolution(
        direction, shape: shape, operandType: operandType, resultType: resultType)
    else { preconditionFailure("convolution: oneDNN has none of \(operandType) for \(shape)") }
    return known
  }
}

extension BFloat16Route {
  /// The type that two operands are multiplied in, as they are or widened.
  fileprivate func operandType(_ first: Buffer, _ second: Buffer) -> ElementType {
    multipliesAsTheyAre(first, second) ? .bfloat16 : .float32
  }
}

/// Lets `write` fill `target`, or a float32 buffer that is then rounded to it.
private func writeWide(into target: Buffer, _ write: (Buffer) -> Void) {
  guard target.elementType == .bfloat16 else { return write(target) }
  let wide = Buffer(.float32, count: target.count)
  write(wide)
  roundToBFloat16(into: target, wide)
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
