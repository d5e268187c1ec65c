import CKernels

/// Elements of scratch memory that unrolled patches may take at a time (64 MiB of float32).
private let patchCapacity = 1 << 24

extension ConvolutionShape {
  /// Elements of the input below the kernel.
  var patchSize: Int { tapCount * inputCount }

  /// Images whose whole patches fit the capacity.
  private var imagesAtATime: Int {
    max(1, min(batchSize, patchCapacity / (windows.outputPixelCount * patchSize)))
  }

  /// Calls `body` with a few images at a time, whose patches fit the capacity, and with the places of
  /// their output's pixels among those of all images.
  private func withImages(_ body: (_ images: Range<Int>, _ pixels: Range<Int>) -> Void) {
    for first in stride(from: 0, to: batchSize, by: imagesAtATime) {
      let images = first..<min(batchSize, first + imagesAtATime)
      let pixelCount = windows.outputPixelCount
      body(images, images.lowerBound * pixelCount..<images.upperBound * pixelCount)
    }
  }

  /// Calls `body` with the whole patches of a few images at a time, a row for each pixel of the output,
  /// and with the places of these pixels among those of all images.
  func withPatches(of x: Buffer, _ body: (_ patches: Matrix, _ pixels: Range<Int>) -> Void) {
    withImages { images, pixels in body(unrollImages(images, of: x), pixels) }
  }

  /// The opposite: x, or what is added to it, becomes the sum of the patches that `body` writes.
  func foldPatches(
    into x: Buffer, isAdding: Bool, _ body: (_ patches: Matrix, _ pixels: Range<Int>) -> Void
  ) {
    withImages { images, pixels in
      let columns = Buffer(.float32, count: pixels.count * patchSize)
      body(Matrix(columns, rowCount: pixels.count, columnCount: patchSize), pixels)
      fold(columns, into: x, isAdding: isAdding, images)
    }
  }

  /// Some pixels of the output or its gradient, a row each.
  func output(_ y: Buffer, _ pixels: Range<Int>) -> Matrix {
    Matrix(
      y[pixels.lowerBound * outputCount..<pixels.upperBound * outputCount],
      rowCount: pixels.count, columnCount: outputCount)
  }

  /// Unrolls rows of one image; see `CKernels_unrollPatches`.
  func unroll(
    _ columns: UnsafeMutablePointer<Float>, _ image: UnsafePointer<Float>,
    _ layout: CKernelsWindows, rows: Range<Int>
  ) {
    CKernels_unrollPatches(
      columns, image, layout, Int64(inputCount * ElementType.float32.byteCount),
      Int64(rows.lowerBound), Int64(rows.count))
  }

  /// Unrolls whole patches of some images, on all threads.
  private func unrollImages(_ images: Range<Int>, of x: Buffer) -> Matrix {
    let (height, width) = (windows.outputHeight, windows.outputWidth)
    let columns = Buffer(x.elementType, count: images.count * height * width * patchSize)
    let pixelSize = inputCount * x.elementType.byteCount
    let (target, source, layout) = (columns.address, x.address, windows.layout)
    parallelFor(images.count * height, grain: rowGrain(width * patchSize)) { rows in
      for row in rows {
        let (image, line) = row.quotientAndRemainder(dividingBy: height)
        CKernels_unrollPatches(
          target + row * width * tapCount * pixelSize,
          source + (images.lowerBound + image) * pixelCount * pixelSize, layout,
          Int64(pixelSize), Int64(line), 1)
      }
    }
    return Matrix(columns, rowCount: images.count * height * width, columnCount: patchSize)
  }

  /// Folds the whole patches of some images, on all threads; see `CKernels_foldPatches`.
  private func fold(_ columns: Buffer, into x: Buffer, isAdding: Bool, _ images: Range<Int>) {
    let (target, source, layout) = (x.floats, columns.floats, windows.layout)
    let (rowSize, imageSize) = (width * inputCount, windows.outputPixelCount * patchSize)
    parallelFor(images.count * height, grain: rowGrain(imageSize / height + rowSize)) { rows in
      for row in rows {
        let (image, line) = row.quotientAndRemainder(dividingBy: height)
        CKernels_foldPatches(
          target + (images.lowerBound * height + row) * rowSize, source + image * imageSize,
          layout, Int64(inputCount), isAdding ? 1 : 0, Int64(line), 1)
      }
    }
  }
}

extension Windows {
  /// The windows of the kernel's middle row as C takes them.
  var singleRows: CKernelsWindows {
    var layout = layout
    layout.kernelHeight = 1
    layout.top = 0
    return layout
  }
}

/// dx = the gradient of a convolution's input, or dx += when `isAdding`: the gradients of the patches,
/// each pixel the sum of its places in them.
///
/// For what no convolution with the turned kernel gives: strides, and images that wrap around.
func foldedGradient(
  into dx: Buffer, isAdding: Bool, _ dy: Buffer, weight: Buffer, shape: ConvolutionShape,
  route: BFloat16Route
) {
  guard dx.elementType == .float32 else {
    let wide = Buffer(.float32, count: dx.count)
    foldedGradient(
      into: wide, isAdding: false, dy, weight: weight, shape: shape, route: route)
    return roundToBFloat16(into: dx, wide)
  }
  let weights = Matrix(weight, rowCount: shape.outputCount, columnCount: shape.patchSize)
  shape.foldPatches(into: dx, isAdding: isAdding) { patches, pixels in
    product(into: patches, shape.output(dy, pixels), weights, route: route)
  }
}
