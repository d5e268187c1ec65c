import CKernels

/// Linear maps along the rows and along the columns of channels-last images.
public struct Resampling: Sendable {
  /// What happens to an image's rows, that is, along its height.
  public let rows: AxisMap
  /// What happens to an image's columns, that is, along its width.
  public let columns: AxisMap

  /// The two maps.
  public init(rows: AxisMap, columns: AxisMap) {
    (self.rows, self.columns) = (rows, columns)
  }

  /// The transposed maps, which take the gradient of the result to that of the images.
  public var transposed: Resampling {
    Resampling(rows: rows.transposed, columns: columns.transposed)
  }

  /// Whether images stay as they are.
  public var isIdentity: Bool { rows.isIdentity && columns.isIdentity }

  /// Writes, or adds, the mapped images.
  ///
  /// The axis that leaves less between the two passes comes first; one that stays as it is has none.
  ///
  /// - Parameters:
  ///   - y: `[batchSize, rows.outputSize, columns.outputSize, channelCount]`.
  ///   - isAdding: Whether to add to `y`.
  ///   - x: The images.
  ///   - shape: Their shape; height and width are what the maps read.
  public func apply(into y: Buffer, isAdding: Bool, _ x: Buffer, shape: ImageShape) {
    let (batchSize, channelCount) = (shape.batchSize, shape.channelCount)
    precondition(
      rows.inputSize == shape.height && columns.inputSize == shape.width
        && x.count == shape.elementCount
        && y.count == batchSize * rows.outputSize * columns.outputSize * channelCount,
      """
      Resampling: \(x.count) elements of \(shape) into \(y.count), rows \(rows.inputSize) to \
      \(rows.outputSize), columns \(columns.inputSize) to \(columns.outputSize)
      """)
    let rowsFirst = rows.outputSize * columns.inputSize
    let columnsFirst = rows.inputSize * columns.outputSize
    if rows.isIdentity {
      columns.apply(into: y, isAdding: isAdding, x, innerSize: channelCount)
    } else if columns.isIdentity {
      rows.apply(into: y, isAdding: isAdding, x, innerSize: shape.width * channelCount)
    } else if rowsFirst <= columnsFirst {
      let between = Buffer(.float32, count: batchSize * rowsFirst * channelCount)
      rows.apply(into: between, isAdding: false, x, innerSize: shape.width * channelCount)
      columns.apply(into: y, isAdding: isAdding, between, innerSize: channelCount)
    } else {
      let between = Buffer(.float32, count: batchSize * columnsFirst * channelCount)
      columns.apply(into: between, isAdding: false, x, innerSize: channelCount)
      rows.apply(
        into: y, isAdding: isAdding, between, innerSize: columns.outputSize * channelCount)
    }
  }
}

extension AxisMap {
  /// Applies the map to every `[inputSize, innerSize]` of `x`.
  fileprivate func apply(into y: Buffer, isAdding: Bool, _ x: Buffer, innerSize: Int) {
    let (target, source) = (y.floats, x.floats)
    let rowCount = innerSize == 0 ? 0 : y.count / innerSize
    withTaps { map in
      parallelFor(rowCount, grain: rowGrain(innerSize)) { rows in
        CKernels_applyAxisMap(
          target, source, map, isAdding ? 1 : 0, Int64(rows.lowerBound), Int64(rows.upperBound),
          Int64(innerSize))
      }
    }
  }
}
