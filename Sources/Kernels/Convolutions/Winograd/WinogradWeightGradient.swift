import CKernels

/// The gradient of the weights of a 3×3 convolution of stride 1 by one of Winograd's algorithms.
///
///     sums[point][output, input] = Σ over tiles of values of dy[point][tile, output]·values of x[point][tile, input]
///
/// Strips of tiles follow one another, and the threads share a strip's transforms and then its products: the order of every
/// sum depends on the shape only.
package struct WinogradWeightGradient {
  /// Tiles of a strip: as many as products sum before they add them.
  private static let stripSize = 128
  private let tiling: WinogradTiling
  private let products: WinogradProducts

  private var shape: ConvolutionShape { tiling.shape }
  private var pointCount: Int { tiling.variant.pointCount }

  /// Bytes of a strip's values and of the sums, in about.
  static func scratchByteCount(
    _ shape: ConvolutionShape, _ variant: WinogradVariant, multiplying valueType: ElementType
  ) -> Int {
    let (inputs, outputs) = (shape.inputCount, shape.outputCount)
    let strip = min(stripSize, WinogradTiling(shape, variant).tileCount)
    return variant.pointCount
      * (strip * (inputs + outputs) * valueType.byteCount + 4 * inputs * outputs)
  }

  /// The algorithm for convolutions of a shape.
  ///
  /// - Parameters:
  ///   - shape: The sizes.
  ///   - variant: The size of the tiles.
  ///   - products: What multiplies the values.
  /// - Precondition: It exists for the shape; values that are rounded have tiles of two rows.
  package init(
    _ shape: ConvolutionShape, _ variant: WinogradVariant, multiplying products: WinogradProducts
  ) {
    precondition(
      WinogradConvolution.exists(for: shape) && products.suits(variant),
      "WinogradWeightGradient: \(variant) of \(shape), \(products)")
    tiling = WinogradTiling(shape, variant)
    self.products = products
  }

  /// dW from `dy` and `x`, or dW += when `isAdding`.
  ///
  /// - Parameters:
  ///   - dWeight: `[output, 3, 3, input]`, float32.
  ///   - isAdding: Whether to add to `dWeight`.
  ///   - dy: The output's gradient, float32 or bfloat16; bfloat16 where values are rounded, and so is the input.
  ///   - x: The input.
  package func run(into dWeight: Buffer, isAdding: Bool, _ dy: Buffer, _ x: Buffer) {
    shape.check(input: x, weight: dWeight, output: dy, "WinogradWeightGradient")
    products.check(dy, x, "WinogradWeightGradient")
    let stripSize = min(Self.stripSize, tiling.tileCount)
    let layout = products.valueType == .bfloat16 ? CKernelsPairPanels : CKernelsFloatRows
    let patches = PointValues(
      layout, pointCount: pointCount, rowCount: stripSize, columnCount: shape.inputCount)
    let gradients = PointValues(
      layout, pointCount: pointCount, rowCount: stripSize, columnCount: shape.outputCount)
    let sums = PointValues(
      pointCount: pointCount, rowCount: shape.outputCount, columnCount: shape.inputCount)
    let zeros = Buffer(.float32, count: max(shape.inputCount, shape.outputCount))
    fill(zeros, with: 0)
    for first in stride(from: 0, to: tiling.tileCount, by: stripSize) {
      let tiles = first..<min(tiling.tileCount, first + stripSize)
      transform(into: patches, gradients, dy, x, zeros, tiles)
      multiply(into: sums, isAdding: first > 0, gradients, patches, tileCount: tiles.count)
    }
    write(into: dWeight, isAdding: isAdding, sums)
  }

  private func transform(
    into patches: PointValues, _ gradients: PointValues, _ dy: Buffer, _ x: Buffer,
    _ zeros: Buffer, _ tiles: Range<Int>
  ) {
    let (images, outputs) = (tiling.input(x.elementType), tiling.output(dy.elementType))
    let (source, errors) = (UnsafeRawPointer(x.address), UnsafeRawPointer(dy.address))
    // Pairs of tiles, which may share a number.
    let numberCount = 2 * pointCount * (shape.inputCount + shape.outputCount)
    parallelFor((tiles.count + 1) / 2, grain: rowGrain(numberCount)) { pairs in
      let place = 2 * pairs.lowerBound
      let (first, count) = (
        Int64(tiles.lowerBound + place), Int64(min(tiles.count, 2 * pairs.upperBound) - place)
      )
      CKernels_winogradPatches(
        patches.values(row: place), source, zeros.address, images, first, count)
      CKernels_winogradTiles(
        gradients.values(row: place), errors, zeros.address, outputs, first, count)
    }
    withExtendedLifetime((dy, x)) {}
  }

  private func multiply(
    into sums: PointValues, isAdding: Bool, _ gradients: PointValues, _ patches: PointValues,
    tileCount: Int
  ) {
    let inputs = PanelLayout(unitCount: tileCount, columnCount: shape.inputCount)
    let grain = productGrain(tileCount * shape.outputCount * PanelLayout.width)
    parallelFor(pointCount * inputs.panelCount, grain: grain) { tasks in
      for task in tasks {
        let (point, panel) = task.quotientAndRemainder(dividingBy: inputs.panelCount)
        let columns = inputs.columns(of: panel)
        switch products {
        case .float32(let vectors):
          let isLast = task + 1 == tasks.upperBound
          let next = (task + 1).quotientAndRemainder(dividingBy: inputs.panelCount)
          CKernels_multiplyFloats(
            vectors.value, sums.floats(point: point, column: columns.lowerBound),
            Int64(sums.rowStride),
            CKernelsFactor(
              start: gradients.units(point: point), rowStride: 1,
              depthStride: Int64(gradients.rowStride)),
            patches.units(point: point, column: columns.lowerBound), Int64(patches.rowStride),
            Int64(tileCount), Int64(shape.outputCount), Int64(columns.count), isAdding,
            isLast
              ? nil
              : patches.units(point: next.quotient, column: next.remainder * PanelLayout.width))
        case .bfloat16(let instructions):
          multiplyPairs(
            into: sums, isAdding: isAdding, gradients, patches, tileCount: tileCount,
            point: point, columns, instructions)
        }
      }
    }
  }

  /// The same at a point for the inputs of a panel, of rounded values.
  private func multiplyPairs(
    into sums: PointValues, isAdding: Bool, _ gradients: PointValues, _ patches: PointValues,
    tileCount: Int, point: Int, _ columns: Range<Int>, _ instructions: PairInstructions
  ) {
    let outputs = PanelLayout(bfloat16RowCount: tileCount, columnCount: shape.outputCount)
    for panel in 0..<outputs.panelCount {
      let rows = outputs.columns(of: panel)
      CKernels_multiplyPairs(
        instructions.value,
        sums.floats(point: point, column: rows.lowerBound * sums.rowStride + columns.lowerBound),
        Int64(sums.rowStride),
        CKernelsFactor(
          start: gradients.units(point: point, column: rows.lowerBound), rowStride: 1,
          depthStride: Int64(gradients.rowStride)),
        patches.units(point: point, column: columns.lowerBound), Int64((tileCount + 1) / 2),
        Int64(rows.count), Int64(columns.count), isAdding)
    }
  }

  private func write(into dWeight: Buffer, isAdding: Bool, _ sums: PointValues) {
    let target = dWeight.floats
    let kernels = tiling.kernels(
      outputCount: shape.outputCount, inputCount: shape.inputCount, .float32)
    let grain = rowGrain(pointCount * shape.inputCount)
    parallelFor(shape.outputCount, grain: grain) { outputs in
      CKernels_winogradWeightGradient(
        target, sums.values(row: outputs.lowerBound), kernels, Int64(outputs.lowerBound),
        Int64(outputs.count), isAdding)
    }
    withExtendedLifetime((dWeight, sums.buffer)) {}
  }
}
