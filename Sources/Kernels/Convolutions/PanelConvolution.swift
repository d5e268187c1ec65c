import CKernels

/// The gradient of a convolution's weights from bfloat16 panels.
///
///     dW[output, tap, input] = Σ over pixels of dy[pixel, output]·x[pixel + tap, input]
///
/// Strips of image rows are packed into panels, x once for each column of the kernel, so that every tap
/// is a product of panels; a row of the kernel is another row of the strip. Strips follow one another,
/// and the threads share a strip's products: the order of every sum depends on the shape only.
package struct PanelConvolution {
  private static let panelWidth = PanelLayout.width
  /// Pixels of a strip, whose panels should stay in the second-level cache.
  private static let stripPixelCount = 2_048

  private let shape: ConvolutionShape
  private let instructions: PairInstructions
  /// Pairs of pixels of a row of the image.
  private let pairCount: Int
  private let stripHeight: Int
  private let outputPanelCount: Int
  private let inputPanelCount: Int

  /// Whether panels are faster than oneDNN.
  static func isPreferred(for shape: ConvolutionShape) -> Bool {
    shape.inputCount % panelWidth == 0 && shape.outputCount % panelWidth == 0
  }

  /// The gradient for convolutions of a shape.
  package init(_ shape: ConvolutionShape, instructions: PairInstructions = .best) {
    self.shape = shape
    self.instructions = instructions
    pairCount = (shape.width + 1) / 2
    stripHeight = min(shape.height, max(1, Self.stripPixelCount / shape.width))
    outputPanelCount = (shape.outputCount + Self.panelWidth - 1) / Self.panelWidth
    inputPanelCount = (shape.inputCount + Self.panelWidth - 1) / Self.panelWidth
  }

  /// dW from bfloat16 `dy` and `x`, or dW += when `isAdding`.
  package func weightGradient(into dWeight: Buffer, isAdding: Bool, _ dy: Buffer, _ x: Buffer) {
    if !isAdding { fill(dWeight, with: 0) }
    let rowSize = pairCount * 2 * Self.panelWidth
    let gradients = Buffer(.bfloat16, count: outputPanelCount * stripHeight * rowSize)
    let images = Buffer(
      .bfloat16,
      count: shape.kernelWidth * inputPanelCount * (stripHeight + shape.kernelHeight - 1) * rowSize)
    let turned =
      instructions == .tiles
      ? Buffer(.bfloat16, count: 2 * outputPanelCount * Self.panelWidth * turnedStride) : nil
    for image in 0..<shape.batchSize {
      for first in stride(from: 0, to: shape.height, by: stripHeight) {
        let rows = first..<min(shape.height, first + stripHeight)
        pack(into: gradients, images, dy, x, image: image, rows)
        if let turned { turn(into: turned, gradients, rows) }
        multiply(into: dWeight, turned ?? gradients, images, rows)
      }
    }
  }

  /// Rows of the strip with those above and below that the kernel reaches.
  private func reached(_ rows: Range<Int>) -> Range<Int> {
    rows.lowerBound - shape.kernelHeight / 2..<rows.upperBound + shape.kernelHeight / 2
  }

  /// `gradients` are [output panel][row], `images` [kernel column][input panel][row].
  private func pack(
    into gradients: Buffer, _ images: Buffer, _ dy: Buffer, _ x: Buffer, image: Int,
    _ rows: Range<Int>
  ) {
    let reached = reached(rows)
    let (gradientPanels, imagePanels) = (gradients.pairs, images.pairs)
    let (d, source) = (dy.bfloat16s, x.bfloat16s)
    parallelFor(reached.count) { range in
      for row in range.map({ reached.lowerBound + $0 }) {
        if rows.contains(row) {
          packRow(
            into: gradientPanels, d, row, image: image, channelCount: shape.outputCount,
            place: row - rows.lowerBound, rowCount: rows.count, shift: 0)
        }
        for column in 0..<shape.kernelWidth {
          packRow(
            into: imagePanels + column * inputPanelCount * reached.count * pairCount
              * Self.panelWidth, source, row, image: image, channelCount: shape.inputCount,
            place: row - reached.lowerBound, rowCount: reached.count,
            shift: column - shape.kernelWidth / 2)
        }
      }
    }
  }

  /// One row of an image, pixels shifted, into its place in each panel; zero outside the image.
  private func packRow(
    into panels: UnsafeMutablePointer<UInt32>, _ source: UnsafePointer<UInt16>, _ row: Int,
    image: Int, channelCount: Int, place: Int, rowCount: Int, shift: Int
  ) {
    let isInside = 0..<shape.height ~= row
    let start =
      source + (image * shape.pixelCount + (isInside ? row : 0) * shape.width) * channelCount
    for channel in stride(from: 0, to: channelCount, by: Self.panelWidth) {
      let panel = channel / Self.panelWidth
      CKernels_packPanel(
        panels + (panel * rowCount + place) * pairCount * Self.panelWidth, start + channel,
        Int64(channelCount), Int64(shift), isInside ? Int64(shape.width) : 0,
        Int64(min(Self.panelWidth, channelCount - channel)), Int64(pairCount))
    }
  }

  /// Pairs from one row of a turned panel to the next: room for whole tiles, and not a power of two, so
  /// that rows do not compete for the same places of the cache.
  private var turnedStride: Int { (stripHeight * pairCount + 15) / 16 * 16 + 16 }

  /// Turns the panels of gradients into rows once, as tiles hold them, instead of in every product.
  private func turn(into turned: Buffer, _ gradients: Buffer, _ rows: Range<Int>) {
    let (target, source) = (turned.pairs, gradients.pairs)
    let blockSize = 256
    let (unitCount, stride) = (rows.count * pairCount, turnedStride)
    let blockCount = (unitCount + blockSize - 1) / blockSize
    parallelFor(outputPanelCount * blockCount) { tasks in
      for task in tasks {
        let (panel, block) = task.quotientAndRemainder(dividingBy: blockCount)
        let first = block * blockSize
        CKernels_turnPanel(
          target + panel * Self.panelWidth * stride + first, Int64(stride),
          source + (panel * unitCount + first) * Self.panelWidth,
          Int64(min(blockSize, unitCount - first)))
      }
    }
  }

  /// A panel of gradients as the left-hand factor, turned where it is multiplied in tiles.
  private func factor(_ gradients: UnsafePointer<UInt32>, panel: Int, _ rows: Range<Int>)
    -> CKernelsFactor
  {
    guard instructions != .tiles else {
      return CKernelsFactor(
        start: gradients + panel * Self.panelWidth * turnedStride, rowStride: Int64(turnedStride),
        depthStride: 1)
    }
    return CKernelsFactor(
      start: gradients + panel * rows.count * pairCount * Self.panelWidth, rowStride: 1,
      depthStride: Int64(Self.panelWidth))
  }

  /// Adds the strip's products, one for each tap and pair of panels.
  private func multiply(
    into dWeight: Buffer, _ gradients: Buffer, _ images: Buffer, _ rows: Range<Int>
  ) {
    let reachedCount = reached(rows).count
    let rowStride = pairCount * Self.panelWidth
    let (target, gradientPanels, imagePanels) = (dWeight.floats, gradients.pairs, images.pairs)
    parallelFor(shape.tapCount * inputPanelCount * outputPanelCount) { tasks in
      for task in tasks {
        let (factors, outputPanel) = task.quotientAndRemainder(dividingBy: outputPanelCount)
        let (tap, inputPanel) = factors.quotientAndRemainder(dividingBy: inputPanelCount)
        let (kernelRow, kernelColumn) = tap.quotientAndRemainder(dividingBy: shape.kernelWidth)
        let (output, input) = (outputPanel * Self.panelWidth, inputPanel * Self.panelWidth)
        let imageRow = (kernelColumn * inputPanelCount + inputPanel) * reachedCount + kernelRow
        CKernels_multiplyPairs(
          instructions.value, target + (output * shape.tapCount + tap) * shape.inputCount + input,
          Int64(shape.tapCount * shape.inputCount),
          factor(gradientPanels, panel: outputPanel, rows), imagePanels + imageRow * rowStride,
          Int64(rows.count * pairCount), Int64(min(Self.panelWidth, shape.outputCount - output)),
          Int64(min(Self.panelWidth, shape.inputCount - input)), true)
      }
    }
  }
}
