import CKernels

/// Convolutions as matrix products: each pixel's neighbourhood becomes a row, which meets the weights.
///
/// Large images unroll along the kernel's width only, a strip of rows at a time, and take one product
/// for each of the kernel's rows, shifted by a row of pixels: a third of the memory traffic of whole
/// patches. Small images, and images of few channels, unroll whole patches.

/// The weights as the right-hand matrix of patches: `[taps·input, output]` or its transpose.
struct PatchWeights {
  private let buffer: Buffer
  private let stride: Int
  private let isTransposed: Bool
  private let columnCount: Int

  /// Forward weights, `[output, taps, input]`.
  init(forward buffer: Buffer, shape: ConvolutionShape) {
    self.buffer = buffer
    stride = shape.tapCount * shape.inputCount
    isTransposed = true
    columnCount = shape.outputCount
  }

  /// The turned kernel of the gradient, `[taps, output, input]`.
  init(mirrored buffer: Buffer, shape: ConvolutionShape) {
    self.buffer = buffer
    stride = shape.inputCount
    isTransposed = false
    columnCount = shape.inputCount
  }

  /// The whole matrix.
  var matrix: Matrix {
    guard isTransposed else {
      return Matrix(buffer, rowCount: buffer.count / stride, columnCount: stride)
    }
    return Matrix(buffer, rowCount: columnCount, columnCount: stride).transposed
  }

  /// The rows from `row` on.
  func factor(row: Int) -> ProductFactor { matrix.factor(row: row, column: 0) }
}

extension ConvolutionShape {
  /// Whether whole patches are unrolled rather than runs along the kernel's width.
  fileprivate var unrollsWholePatches: Bool {
    !windows.isSame || pixelCount < 512 || inputCount < 16
  }

  /// Image rows of a strip, which has about a thousand pixels.
  fileprivate var stripHeight: Int { min(height, max(1, 1024 / width)) }

  /// Strips of an image.
  fileprivate var stripCount: Int { (height + stripHeight - 1) / stripHeight }

  /// The image and the rows of a strip.
  fileprivate func strip(_ index: Int) -> (image: Int, rows: Range<Int>) {
    let (image, strip) = index.quotientAndRemainder(dividingBy: stripCount)
    return (image, strip * stripHeight..<min(height, (strip + 1) * stripHeight))
  }
}

/// y = the convolution of x plus the bias.
package func convolutionByProducts(
  into y: Buffer, _ x: Buffer, weight: Buffer, bias: Buffer?, shape: ConvolutionShape,
  route: BFloat16Route = .preferred
) {
  patchProducts(
    into: y, isAdding: false, x, weight: PatchWeights(forward: weight, shape: shape), bias: bias,
    shape: shape, route: route)
}

/// dx = the gradient of a convolution's input, or dx += when `isAdding`: a convolution of dy with the
/// turned kernel, of shape `turned`.
package func mirroredConvolutionByProducts(
  into dx: Buffer, isAdding: Bool, _ dy: Buffer, weight: Buffer, shape: ConvolutionShape,
  _ turned: ConvolutionShape
) {
  patchProducts(
    into: dx, isAdding: isAdding, dy,
    weight: PatchWeights(mirrored: mirrored(weight, shape: shape), shape: shape), bias: nil,
    shape: turned)
}

/// y = the convolution of x, or y += when `isAdding`; operands of type bfloat16 only where whole patches
/// are unrolled.
private func patchProducts(
  into y: Buffer, isAdding: Bool, _ x: Buffer, weight: PatchWeights, bias: Buffer?,
  shape: ConvolutionShape, route: BFloat16Route = .preferred
) {
  if shape.unrollsWholePatches {
    shape.withPatches(of: x) { patches, pixels in
      product(
        into: shape.output(y, pixels), patches, weight.matrix, beta: isAdding ? 1 : 0, bias: bias,
        route: route)
    }
    return
  }
  let target = y.floats
  let added = bias?.floats
  parallelFor(shape.batchSize * shape.stripCount) { strips in
    for strip in strips {
      stripProducts(
        into: target, isAdding: isAdding, x.floats, weight: weight, bias: added, shape: shape,
        strip: strip)
    }
  }
}

/// One strip of rows: a product for each row of the kernel.
private func stripProducts(
  into y: UnsafeMutablePointer<Float>, isAdding: Bool, _ x: UnsafePointer<Float>,
  weight: PatchWeights, bias: UnsafePointer<Float>?, shape: ConvolutionShape, strip: Int
) {
  let (image, rows) = shape.strip(strip)
  let columns = StripColumns(x, shape: shape, image: image, rows: rows)
  let target = y + (image * shape.pixelCount + rows.lowerBound * shape.width) * shape.outputCount
  for kernelRow in 0..<shape.kernelHeight {
    columns.withFactor(kernelRow: kernelRow) { factor in
      serialProduct(
        into: target, stride: shape.outputCount, rowCount: rows.count * shape.width,
        columnCount: shape.outputCount, depth: columns.runSize, factor,
        weight.factor(row: kernelRow * columns.runSize),
        beta: isAdding || kernelRow > 0 ? 1 : 0)
    }
  }
  guard let bias else { return }
  CKernels_addToRows(
    target, Int64(shape.outputCount), bias, Int64(rows.count * shape.width),
    Int64(shape.outputCount))
}

/// A strip of an image unrolled along the kernel's width, with the rows above and below it that the
/// kernel reaches.
private struct StripColumns {
  /// Elements of one pixel's run.
  let runSize: Int
  private let buffer: Buffer
  private let width: Int

  init(_ x: UnsafePointer<Float>, shape: ConvolutionShape, image: Int, rows: Range<Int>) {
    runSize = shape.kernelWidth * shape.inputCount
    width = shape.width
    let margin = shape.kernelHeight / 2
    let reached = rows.lowerBound - margin..<rows.upperBound + margin
    buffer = Buffer(.float32, count: reached.count * shape.width * runSize)
    shape.unroll(
      buffer.floats, x + image * shape.pixelCount * shape.inputCount, shape.windows.singleRows,
      rows: reached)
  }

  /// The runs that meet a row of the kernel, one row a pixel of the strip.
  func withFactor(kernelRow: Int, _ body: (ProductFactor) -> Void) {
    withExtendedLifetime(buffer) {
      body(ProductFactor(buffer.floats + kernelRow * width * runSize, stride: runSize))
    }
  }
}

// MARK: Gradient of the weights

/// dW = the gradient of the weights, or dW += when `isAdding`.
///
/// Large weights: whole patches, and one product whose tiles are split over the threads. Small ones:
/// partial results of a fixed number of groups of strips, added in their order.
func patchGradient(
  into dWeight: Buffer, isAdding: Bool, _ dy: Buffer, _ x: Buffer, shape: ConvolutionShape
) {
  if shape.outputCount <= 4, let turned = shape.mirrored {
    narrowGradient(into: dWeight, isAdding: isAdding, dy, x, shape: shape, turned)
  } else if shape.weightCount > 1 << 19 {
    wholePatchGradient(into: dWeight, isAdding: isAdding, dy, x, shape: shape)
  } else {
    let partials = gradientPartials(width: shape.weightCount, shape: shape) {
      partial, strip, beta in
      let source = x.floats
      stripGradient(into: partial, beta: beta, dy.floats, source, shape: shape, strip: strip)
    }
    combinePartials(into: dWeight, isAdding: isAdding, partials)
  }
}

/// The same from whole patches; for operands of type bfloat16 too.
func wholePatchGradient(
  into dWeight: Buffer, isAdding: Bool, _ dy: Buffer, _ x: Buffer, shape: ConvolutionShape,
  route: BFloat16Route = .preferred
) {
  let target = Matrix(dWeight, rowCount: shape.outputCount, columnCount: shape.patchSize)
  shape.withPatches(of: x) { patches, pixels in
    product(
      into: target, shape.output(dy, pixels).transposed, patches,
      beta: isAdding || pixels.lowerBound > 0 ? 1 : 0, route: route)
  }
}

/// Partial results by group of strips; `body` writes (beta 0) or adds (beta 1) one strip's.
private func gradientPartials(
  width: Int, shape: ConvolutionShape,
  _ body: (_ partial: UnsafeMutablePointer<Float>, _ strip: Int, _ beta: Float) -> Void
) -> Buffer {
  let stripCount = shape.batchSize * shape.stripCount
  let groupCount = max(1, min(stripCount, 16, (1 << 21) / width))
  let partials = Buffer(.float32, count: groupCount * width)
  let target = partials.floats
  parallelFor(groupCount) { groups in
    for group in groups {
      let first = stripCount * group / groupCount
      for strip in first..<stripCount * (group + 1) / groupCount {
        body(target + group * width, strip, strip > first ? 1 : 0)
      }
    }
  }
  return partials
}

private func stripGradient(
  into partial: UnsafeMutablePointer<Float>, beta: Float, _ dy: UnsafePointer<Float>,
  _ x: UnsafePointer<Float>, shape: ConvolutionShape, strip: Int
) {
  let (image, rows) = shape.strip(strip)
  let pixel = image * shape.pixelCount + rows.lowerBound * shape.width
  let gradient = ProductFactor(
    dy + pixel * shape.outputCount, stride: shape.outputCount, isTransposed: true)
  let patchSize = shape.tapCount * shape.inputCount
  let pixels = rows.count * shape.width
  if shape.inputCount < 16 {
    let columns = Buffer(.float32, count: pixels * patchSize)
    withExtendedLifetime(columns) {
      shape.unroll(
        columns.floats, x + image * shape.pixelCount * shape.inputCount, shape.windows.layout,
        rows: rows)
      serialProduct(
        into: partial, stride: patchSize, rowCount: shape.outputCount, columnCount: patchSize,
        depth: pixels, gradient, ProductFactor(columns.floats, stride: patchSize), beta: beta)
    }
    return
  }
  let columns = StripColumns(x, shape: shape, image: image, rows: rows)
  for kernelRow in 0..<shape.kernelHeight {
    columns.withFactor(kernelRow: kernelRow) { factor in
      serialProduct(
        into: partial + kernelRow * columns.runSize, stride: patchSize,
        rowCount: shape.outputCount, columnCount: columns.runSize, depth: pixels, gradient, factor,
        beta: beta)
    }
  }
}

/// Few output channels: the gradient's patches against the input, which gives the turned kernel.
private func narrowGradient(
  into dWeight: Buffer, isAdding: Bool, _ dy: Buffer, _ x: Buffer, shape: ConvolutionShape,
  _ mirrored: ConvolutionShape
) {
  let patchSize = mirrored.tapCount * mirrored.inputCount
  let partials = gradientPartials(width: shape.weightCount, shape: mirrored) {
    partial, strip, beta in
    let (image, rows) = mirrored.strip(strip)
    let pixels = rows.count * shape.width
    let columns = Buffer(.float32, count: pixels * patchSize)
    withExtendedLifetime(columns) {
      mirrored.unroll(
        columns.floats, dy.floats + image * shape.pixelCount * shape.outputCount,
        mirrored.windows.layout, rows: rows)
      let pixel = image * shape.pixelCount + rows.lowerBound * shape.width
      serialProduct(
        into: partial, stride: shape.inputCount, rowCount: patchSize,
        columnCount: shape.inputCount, depth: pixels,
        ProductFactor(columns.floats, stride: patchSize, isTransposed: true),
        ProductFactor(x.floats + pixel * shape.inputCount, stride: shape.inputCount), beta: beta)
    }
  }
  let turned = Buffer(.float32, count: shape.weightCount)
  combinePartials(into: turned, isAdding: false, partials)
  moveTaps(weightCount: shape.weightCount, shape: shape) { straight, place, count in
    CKernels_scale(
      dWeight.floats + straight, turned.floats + place, 1, isAdding ? 1 : 0, Int64(count))
  }
}
