import CKernels

/// A 3×3 convolution of stride 1 by one of Winograd's algorithms.
///
/// Tiles are taken in blocks whose values stay in the second-level cache; for each of them and each 64 outputs there is a
/// product for each point. Products and sums are float32 whatever the operands are: bfloat16 operands are exact in
/// it, so that just the result is rounded. The bits of an output depend on its patch and the weights alone.
package struct WinogradConvolution {
  private static let panelWidth = PanelLayout.width
  private let tiling: WinogradTiling
  /// The type of the values at points, float32 or bfloat16.
  private let valueType: ElementType
  private let vectors: FloatVectors

  private var shape: ConvolutionShape { tiling.shape }
  private var variant: WinogradVariant { tiling.variant }

  /// Whether there is such an algorithm for the sizes: 3×3 kernels, stride 1, zeros around the image, and channels in
  /// multiples of 16.
  package static func exists(for shape: ConvolutionShape) -> Bool {
    let windows = shape.windows
    return windows.kernelHeight == 3 && windows.kernelWidth == 3 && windows.stride == 1
      && !windows.isCircular && max(windows.top, windows.left) <= 2
      && shape.inputCount % 16 == 0 && shape.outputCount % 16 == 0
  }

  /// The algorithm for convolutions of a shape.
  ///
  /// - Parameters:
  ///   - shape: The sizes.
  ///   - variant: The size of the tiles.
  ///   - valueType: What is multiplied: float32 numbers, or such as were rounded to bfloat16.
  ///   - vectors: What multiplies float32 numbers.
  /// - Precondition: It exists for the shape.
  package init(
    _ shape: ConvolutionShape, _ variant: WinogradVariant, multiplying valueType: ElementType,
    vectors: FloatVectors = .widest
  ) {
    precondition(Self.exists(for: shape), "WinogradConvolution: \(variant) of \(shape)")
    tiling = WinogradTiling(shape, variant)
    (self.valueType, self.vectors) = (valueType, vectors)
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
    precondition(
      valueType == .float32 || x.elementType == .bfloat16 && weight.elementType == .bfloat16,
      "WinogradConvolution: rounded values of \(x.elementType) and \(weight.elementType)")
    let weights = transformed(weight, isTurned: isTurned)
    let blocks = BlockSizes(tiling)
    let panelCount = (shape.outputCount + Self.panelWidth - 1) / Self.panelWidth
    let zeros = Buffer(x.elementType, count: shape.inputCount)
    zeros.address.initializeMemory(
      as: UInt8.self, repeating: 0, count: zeros.count * x.elementType.byteCount)
    let (source, target, added) = (UnsafeRawPointer(x.address), y.address, bias?.floats)
    let writing =
      isAdding
      ? CKernelsAdd
      : y.elementType == .float32 && 4 * y.count > BlockSizes.streamedByteCount
        ? CKernelsStream : CKernelsWrite
    let (images, results) = (tiling.input(x.elementType), tiling.output(y.elementType))
    let grain = productGrain(
      variant.pointCount * blocks.size * shape.inputCount * Self.panelWidth)
    parallelFor(blocks.count * panelCount, grain: grain) { units in
      let patches = PointValues(
        valueType == .bfloat16 ? CKernelsBFloat16Rows : CKernelsFloatRows,
        pointCount: variant.pointCount, rowCount: blocks.size, columnCount: shape.inputCount)
      let sums = PointValues(
        pointCount: variant.pointCount, rowCount: blocks.size,
        columnCount: min(Self.panelWidth, shape.outputCount))
      var transformed: Int?
      for unit in units {
        let (block, panel) = unit.quotientAndRemainder(dividingBy: panelCount)
        let tiles = blocks.tiles(of: block)
        if transformed != block {
          CKernels_winogradPatches(
            patches.values(), source, zeros.address, images, Int64(tiles.lowerBound),
            Int64(tiles.count))
          transformed = block
        }
        let columns =
          panel * Self.panelWidth..<min(shape.outputCount, (panel + 1) * Self.panelWidth)
        multiply(into: sums, patches, weights, rowCount: tiles.count, columns)
        CKernels_winogradOutput(
          target, sums.values(), results,
          CKernelsTileOutput(
            bias: added, firstChannel: Int64(columns.lowerBound),
            channelCount: Int64(columns.count), writing: writing), Int64(tiles.lowerBound),
          Int64(tiles.count))
      }
      withExtendedLifetime((patches.buffer, sums.buffer)) {}
    }
    withExtendedLifetime((x, y, weights.buffer, bias, zeros)) {}
  }

  private func multiply(
    into sums: PointValues, _ patches: PointValues, _ weights: PointValues, rowCount: Int,
    _ columns: Range<Int>
  ) {
    let first = columns.lowerBound / Self.panelWidth * variant.pointCount
    for point in 0..<variant.pointCount {
      let target = sums.floats(point: point, column: 0)
      let factor = weights.units(point: first + point)
      guard valueType == .float32 else {
        CKernels_multiplyPairs(
          PairInstructions.best.value, target, Int64(sums.rowStride),
          CKernelsFactor(
            start: patches.units(point: point), rowStride: Int64(patches.rowStride / 2),
            depthStride: 1), factor, Int64(shape.inputCount / 2), Int64(rowCount),
          Int64(columns.count), false)
        continue
      }
      CKernels_multiplyFloats(
        vectors.value,
        target, Int64(sums.rowStride),
        CKernelsFactor(
          start: patches.units(point: point), rowStride: Int64(patches.rowStride), depthStride: 1),
        factor, Int64(weights.rowStride), Int64(shape.inputCount), Int64(rowCount),
        Int64(columns.count), false,
        weights.units(point: (first + point + 1) % weights.pointCount))
    }
  }

  /// The weights' values, in panels of 64 outputs: `[panel][point][input][output of the panel]`.
  private func transformed(_ weight: Buffer, isTurned: Bool) -> PointValues {
    let panelCount = (shape.outputCount + Self.panelWidth - 1) / Self.panelWidth
    let values = PointValues(
      valueType == .bfloat16 ? CKernelsPairPanels : CKernelsFloatRows,
      pointCount: panelCount * variant.pointCount, rowCount: shape.inputCount,
      columnCount: min(Self.panelWidth, shape.outputCount))
    let kernels =
      isTurned
      ? tiling.kernels(
        outputCount: shape.inputCount, inputCount: shape.outputCount, weight.elementType)
      : tiling.kernels(
        outputCount: shape.outputCount, inputCount: shape.inputCount, weight.elementType)
    let source = UnsafeRawPointer(weight.address)
    let (depthBlocks, columnBlocks) = (shape.inputCount / 16, shape.outputCount / 16)
    parallelFor(depthBlocks * columnBlocks, grain: rowGrain(variant.pointCount * 256)) { blocks in
      for block in blocks {
        let (column, row) = block.quotientAndRemainder(dividingBy: depthBlocks)
        let (panel, place) = (column * 16).quotientAndRemainder(dividingBy: Self.panelWidth)
        let target = values.values(
          row: row * 16, column: place, point: panel * variant.pointCount)
        if isTurned {
          CKernels_winogradTurnedWeights(
            target, source, kernels, Int64(row * 16), Int64(column * 16))
        } else {
          CKernels_winogradWeights(target, source, kernels, Int64(column * 16), Int64(row * 16))
        }
      }
    }
    withExtendedLifetime(weight) {}
    return values
  }
}

/// Blocks of tiles whose values stay in the second-level cache.
private struct BlockSizes {
  /// Tiles of a block.
  let size: Int
  let count: Int
  private let tileCount: Int

  init(_ tiling: WinogradTiling) {
    tileCount = tiling.tileCount
    let rowByteCount = 4 * tiling.variant.pointCount * (tiling.shape.inputCount + PanelLayout.width)
    let wanted = Self.cacheByteCount / 2 / rowByteCount / Self.multiple * Self.multiple
    size = min(tileCount, max(Self.smallest, min(wanted, Self.largest)))
    count = (tileCount + size - 1) / size
  }

  /// Products take six rows at a time.
  private static let multiple = 6
  /// Fewer rows are not worth the weights that pass by for them.
  private static let smallest = 36
  private static let largest = 96
  private static let cacheByteCount = Int(CKernels_secondLevelCacheSize())
  /// Outputs of more bytes are written past the caches.
  static let streamedByteCount = 4 * cacheByteCount

  func tiles(of block: Int) -> Range<Int> { block * size..<min(tileCount, (block + 1) * size) }
}
