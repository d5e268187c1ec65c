import CKernels

/// A 3×3 convolution of stride 1 by one of Winograd's algorithms.
///
/// Tiles are taken in blocks, and for each of them and each 64 outputs there is a product for each point. Of float32 values,
/// bfloat16 operands are exact, and just the result is rounded. The bits of an output depend on its patch and the weights
/// alone.
package struct WinogradConvolution {
  private static let panelWidth = PanelLayout.width
  /// float32 outputs of more bytes are written past the caches.
  package static let streamedByteCount = 4 * TileBlocks.cacheByteCount

  private let tiling: WinogradTiling
  private let products: WinogradProducts
  private let streamedByteCount: Int

  private var shape: ConvolutionShape { tiling.shape }
  private var variant: WinogradVariant { tiling.variant }
  private var outputPanels: PanelLayout {
    PanelLayout(unitCount: shape.inputCount, columnCount: shape.outputCount)
  }

  /// Whether there is such an algorithm for the sizes: 3×3 kernels, stride 1, zeros around the image, and channels in
  /// multiples of 16.
  package static func exists(for shape: ConvolutionShape) -> Bool {
    let windows = shape.windows
    return windows.kernelHeight == 3 && windows.kernelWidth == 3 && windows.stride == 1
      && !windows.isCircular && shape.inputCount % 16 == 0 && shape.outputCount % 16 == 0
  }

  /// Bytes of the weights' values, in about.
  static func weightByteCount(
    _ shape: ConvolutionShape, _ variant: WinogradVariant, multiplying valueType: ElementType
  ) -> Int {
    let panelCount = PanelLayout(unitCount: 0, columnCount: shape.outputCount).panelCount
    return variant.pointCount * shape.inputCount * panelCount * PanelLayout.width
      * valueType.byteCount
  }

  /// The algorithm for convolutions of a shape.
  ///
  /// - Parameters:
  ///   - shape: The sizes.
  ///   - variant: The size of the tiles.
  ///   - products: What multiplies the values.
  ///   - streamedByteCount: float32 outputs of more bytes are written past the caches.
  /// - Precondition: It exists for the shape; values that are rounded have tiles of two rows.
  package init(
    _ shape: ConvolutionShape, _ variant: WinogradVariant, multiplying products: WinogradProducts,
    streamedByteCount: Int = streamedByteCount
  ) {
    precondition(
      Self.exists(for: shape) && products.suits(variant),
      "WinogradConvolution: \(variant) of \(shape), \(products)")
    tiling = WinogradTiling(shape, variant)
    (self.products, self.streamedByteCount) = (products, streamedByteCount)
  }

  /// y = the convolution of x plus the bias.
  ///
  /// - Parameters:
  ///   - y: The output; float32 or bfloat16.
  ///   - isAdding: Whether to add to `y`, which is then float32.
  ///   - x: The input; float32 or bfloat16; bfloat16 where values are rounded, and so are the weights.
  ///   - weight: `[output, 3, 3, input]`; where `isTurned`, `[input, 3, 3, output]` with the kernel turned by 180
  ///     degrees, as the gradient of an input takes it.
  ///   - bias: `[output]`; none when nil.
  ///   - isTurned: How the weights lie.
  package func run(
    into y: Buffer, isAdding: Bool = false, _ x: Buffer, weight: Buffer, bias: Buffer?,
    isTurned: Bool = false
  ) {
    shape.check(input: x, weight: weight, output: y, "WinogradConvolution")
    products.check(x, weight, "WinogradConvolution")
    precondition(
      (!isAdding || y.elementType == .float32)
        && (bias?.count ?? shape.outputCount)
          == shape.outputCount,
      """
      WinogradConvolution: bias of \(bias?.count ?? 0), adding \(isAdding) to \(y.elementType), \
      for \(shape)
      """)
    let weights = transformed(weight, isTurned: isTurned)
    let zeros = Buffer(.float32, count: shape.inputCount)
    fill(zeros, with: 0)
    let (source, target, added) = (UnsafeRawPointer(x.address), y.address, bias?.floats)
    let (images, results) = (tiling.input(x.elementType), tiling.output(y.elementType))
    let writing = writing(into: y, isAdding: isAdding)
    let (blocks, panels) = (TileBlocks(tiling), outputPanels)
    let grain = productGrain(
      variant.pointCount * blocks.size * shape.inputCount * Self.panelWidth)
    parallelFor(blocks.count * panels.panelCount, grain: grain) { units in
      let patches = PointValues(
        products.valueType == .bfloat16 ? CKernelsBFloat16Rows : CKernelsFloatRows,
        pointCount: variant.pointCount, rowCount: blocks.size, columnCount: shape.inputCount)
      let sums = PointValues(
        pointCount: variant.pointCount, rowCount: blocks.size,
        columnCount: min(Self.panelWidth, shape.outputCount))
      var blockInPatches: Int?
      for unit in units {
        let (block, panel) = unit.quotientAndRemainder(dividingBy: panels.panelCount)
        let (tiles, columns) = (blocks.tiles(of: block), panels.columns(of: panel))
        let (firstTile, tileCount) = (Int64(tiles.lowerBound), Int64(tiles.count))
        if blockInPatches != block {
          CKernels_winogradPatches(
            patches.values(), source, zeros.address, images, firstTile, tileCount)
          blockInPatches = block
        }
        multiply(into: sums, patches, weights, rowCount: tiles.count, panel: panel, columns)
        let output = CKernelsTileOutput(
          bias: added, firstChannel: Int64(columns.lowerBound),
          channelCount: Int64(columns.count), writing: writing)
        CKernels_winogradOutput(target, sums.values(), results, output, firstTile, tileCount)
      }
      withExtendedLifetime((patches.buffer, sums.buffer)) {}
    }
    withExtendedLifetime((x, y, weights.buffer, bias, zeros)) {}
  }

  /// What is written past the caches has to begin at a whole line of them.
  private func writing(into y: Buffer, isAdding: Bool) -> CKernelsWriting {
    if isAdding { return CKernelsAddTo }
    let isStreamed =
      y.elementType == .float32 && y.count * y.elementType.byteCount > streamedByteCount
      && Int(bitPattern: y.address) % 64 == 0
    return isStreamed ? CKernelsStreamPast : CKernelsWriteOver
  }

  /// The sums of a block of tiles for the outputs of a panel.
  private func multiply(
    into sums: PointValues, _ patches: PointValues, _ weights: PointValues, rowCount: Int,
    panel: Int, _ columns: Range<Int>
  ) {
    for point in 0..<variant.pointCount {
      let matrix = panel * variant.pointCount + point
      let (target, factor) = (sums.floats(point: point, column: 0), weights.units(point: matrix))
      let rows = patches.units(point: point)
      switch products {
      case .float32(let vectors):
        let next = weights.units(point: (matrix + 1) % weights.pointCount)
        CKernels_multiplyFloats(
          vectors.value, target, Int64(sums.rowStride),
          CKernelsFactor(start: rows, rowStride: Int64(patches.rowStride), depthStride: 1), factor,
          Int64(weights.rowStride), Int64(shape.inputCount), Int64(rowCount),
          Int64(columns.count), false, next)
      case .bfloat16(let instructions):
        CKernels_multiplyPairs(
          instructions.value, target, Int64(sums.rowStride),
          CKernelsFactor(start: rows, rowStride: Int64(patches.rowStride / 2), depthStride: 1),
          factor, Int64(shape.inputCount / 2), Int64(rowCount), Int64(columns.count), false)
      }
    }
  }

  /// The weights' values, in panels of 64 outputs: `[panel][point][input][output of the panel]`.
  private func transformed(_ weight: Buffer, isTurned: Bool) -> PointValues {
    let panels = outputPanels
    let values = PointValues(
      products.valueType == .bfloat16 ? CKernelsPairPanels : CKernelsFloatRows,
      pointCount: panels.panelCount * variant.pointCount, rowCount: shape.inputCount,
      columnCount: min(Self.panelWidth, shape.outputCount))
    let (inputCount, outputCount) = (shape.inputCount, shape.outputCount)
    let kernels = tiling.kernels(
      outputCount: isTurned ? inputCount : outputCount,
      inputCount: isTurned ? outputCount : inputCount, weight.elementType)
    let source = UnsafeRawPointer(weight.address)
    let rowBlocks = inputCount / 16
    parallelFor(rowBlocks * outputCount / 16, grain: rowGrain(variant.pointCount * 256)) {
      for block in $0 {
        let (column, row) = (block / rowBlocks * 16, block % rowBlocks * 16)
        let (panel, place) = column.quotientAndRemainder(dividingBy: Self.panelWidth)
        let target = values.values(row: row, column: place, point: panel * variant.pointCount)
        if isTurned {
          CKernels_winogradTurnedWeights(target, source, kernels, Int64(row), Int64(column))
        } else {
          CKernels_winogradWeights(target, source, kernels, Int64(column), Int64(row))
        }
      }
    }
    withExtendedLifetime(weight) {}
    return values
  }
}
