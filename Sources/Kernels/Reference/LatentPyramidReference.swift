import Foundation

/// Plain loops of the latent pyramid, for tests: pooling, upsampling and subtraction one by one.
package enum LatentPyramidReference {
  /// Means of x `[rows, columns, C]` over the cells of a grid.
  package static func pool(
    _ x: [Double], rows: Int, columns: Int, grid: (rows: Int, columns: Int), channelCount: Int
  ) -> [Double] {
    var y: [Double] = []
    for i in 0..<grid.rows {
      for j in 0..<grid.columns {
        let cellRows = cell(i, of: grid.rows, size: rows)
        let cellColumns = cell(j, of: grid.columns, size: columns)
        for c in 0..<channelCount {
          var sum = 0.0
          for row in cellRows {
            for column in cellColumns { sum += x[(row * columns + column) * channelCount + c] }
          }
          y.append(sum / Double(cellRows.count * cellColumns.count))
        }
      }
    }
    return y
  }

  /// floor(i·size/n) ..< ceil((i+1)·size/n).
  private static func cell(_ i: Int, of n: Int, size: Int) -> Range<Int> {
    let begin = (Double(i * size) / Double(n)).rounded(.down)
    let end = (Double((i + 1) * size) / Double(n)).rounded(.up)
    return Int(begin)..<Int(end)
  }

  /// The tokens of all levels from x `[B, rows, columns, C]`.
  package static func pyramid(
    _ x: [Double], batchCount: Int, rows: Int, columns: Int,
    grids: [(rows: Int, columns: Int)], channelCount: Int, isResidual: Bool
  ) -> [Double] {
    let size = rows * columns * channelCount
    var y: [Double] = []
    for b in 0..<batchCount {
      var rest = Array(x[b * size..<(b + 1) * size])
      for grid in grids {
        let tokens = pool(
          rest, rows: rows, columns: columns, grid: grid, channelCount: channelCount)
        y += tokens
        guard isResidual else { continue }
        for row in 0..<rows {
          for column in 0..<columns {
            let token = row * grid.rows / rows * grid.columns + column * grid.columns / columns
            for c in 0..<channelCount {
              rest[(row * columns + column) * channelCount + c] -= tokens[token * channelCount + c]
            }
          }
        }
      }
    }
    return y
  }
}
