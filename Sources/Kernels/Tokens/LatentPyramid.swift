import CKernels

/// The sizes of a latent pyramid: an image of cells, and levels of tokens over it.
public struct PyramidShape: Sendable {
  /// Number of images.
  public let batchCount: Int
  /// Elements of a cell and of a token.
  public let channelCount: Int
  /// Whether every level sees what the coarser ones left over.
  public let isResidual: Bool

  let image: CKernels_Grid
  let levels: [CKernels_Grid]

  /// Describes a pyramid over images of `rowCount` × `columnCount` cells.
  public init(
    batchCount: Int, rowCount: Int, columnCount: Int, channelCount: Int,
    levels: [(rows: Int, columns: Int)], isResidual: Bool
  ) {
    precondition(
      !levels.isEmpty && levels.allSatisfy { $0.rows > 0 && $0.columns > 0 },
      "PyramidShape: levels \(levels)")
    precondition(
      batchCount >= 0 && rowCount > 0 && columnCount > 0 && channelCount >= 0,
      "PyramidShape: [\(batchCount), \(rowCount), \(columnCount), \(channelCount)]")
    self.batchCount = batchCount
    self.channelCount = channelCount
    self.isResidual = isResidual
    image = CKernels_Grid(rows: Int64(rowCount), columns: Int64(columnCount))
    self.levels = levels.map { CKernels_Grid(rows: Int64($0.rows), columns: Int64($0.columns)) }
  }

  /// Tokens of all levels.
  public var tokenCount: Int { levels.reduce(0) { $0 + Int($1.rows * $1.columns) } }

  var cellCount: Int { Int(image.rows * image.columns) }
  var largestLevelCount: Int { levels.map { Int($0.rows * $0.columns) }.max() ?? 0 }

  func check(image x: Buffer, tokens y: Buffer) {
    precondition(
      x.count == batchCount * cellCount * channelCount
        && y.count == batchCount * tokenCount * channelCount,
      "latentPyramid: \(x.count) cells' and \(y.count) tokens' elements for \(self)")
  }

  /// Calls `body` for every image and group of channels, with scratch of `scratchCount` elements.
  func forEachTile(
    scratchCount: Int,
    _ body: (
      _ image: Int, _ channel: Int, _ channelCount: Int, _ scratch: UnsafeMutablePointer<Float>
    ) -> Void
  ) {
    let tileSize = Int(CKERNELS_PYRAMID_CHANNELS)
    let tileCount = (channelCount + tileSize - 1) / tileSize
    parallelFor(batchCount * tileCount) { tasks in
      let buffer = Buffer(.float32, count: scratchCount)
      withExtendedLifetime(buffer.storage) {
        for task in tasks {
          let (image, tile) = task.quotientAndRemainder(dividingBy: tileCount)
          let channel = tile * tileSize
          body(image, channel, min(tileSize, channelCount - channel), buffer.floats)
        }
      }
    }
  }
}

/// Tokens of all levels, coarse to fine, from images of cells.
///
/// For each level: tokens = mean of the rest over the level's cells, floor(i·h/n) ..< ceil((i+1)·h/n);
/// then, if residual, rest ← rest − the token that lies over each element (row floor(i·n/h)).
///
/// - Parameters:
///   - y: `[batch, tokens of all levels, channels]`.
///   - x: `[batch, rows, columns, channels]`.
///   - shape: The sizes.
public func latentPyramid(into y: Buffer, _ x: Buffer, _ shape: PyramidShape) {
  shape.check(image: x, tokens: y)
  let (target, source) = (y.floats, x.floats)
  let (cells, tokens) = (shape.cellCount, shape.tokenCount)
  let scratchCount = cells * Int(CKERNELS_PYRAMID_CHANNELS)
  shape.forEachTile(scratchCount: scratchCount) { image, channel, count, rest in
    CKernels_latentPyramid(
      target + image * tokens * shape.channelCount + channel,
      source + image * cells * shape.channelCount + channel, rest, shape.image, shape.levels,
      Int64(shape.levels.count), shape.isResidual ? 1 : 0, Int64(shape.channelCount),
      Int64(count))
  }
}

/// dx = the transposed map of `latentPyramid` on dy, or that added to dx.
public func latentPyramidBackward(
  into dx: Buffer, _ dy: Buffer, _ shape: PyramidShape, isAdding: Bool
) {
  shape.check(image: dx, tokens: dy)
  let (target, source) = (dx.floats, dy.floats)
  let (cells, tokens) = (shape.cellCount, shape.tokenCount)
  let restCount = cells * Int(CKERNELS_PYRAMID_CHANNELS)
  let scratchCount = restCount + shape.largestLevelCount * Int(CKERNELS_PYRAMID_CHANNELS)
  shape.forEachTile(scratchCount: scratchCount) { image, channel, count, scratch in
    CKernels_latentPyramidBackward(
      target + image * cells * shape.channelCount + channel,
      source + image * tokens * shape.channelCount + channel, scratch, scratch + restCount,
      shape.image, shape.levels, Int64(shape.levels.count), shape.isResidual ? 1 : 0,
      isAdding ? 1 : 0, Int64(shape.channelCount), Int64(count))
  }
}
