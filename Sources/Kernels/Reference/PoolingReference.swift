/// Naive loops for pooling and upsampling.
package enum PoolingReference {
  /// factor · the sum of each 2×2 block; `small` is the result's shape.
  package static func sumBlocks(_ x: [Double], factor: Double, small: ImageShape) -> [Double] {
    var y = [Double](repeating: 0, count: small.elementCount)
    for (index, place) in blockPlaces(small).enumerated() { y[place] += factor * x[index] }
    return y
  }

  /// factor · the pixel that each 2×2 block lies over; `small` is the input's shape.
  package static func spreadBlocks(_ x: [Double], factor: Double, small: ImageShape) -> [Double] {
    blockPlaces(small).map { factor * x[$0] }
  }

  /// For each element of the large images, its place in the small ones.
  private static func blockPlaces(_ small: ImageShape) -> [Int] {
    var places: [Int] = []
    for image in 0..<small.batchSize {
      for row in 0..<2 * small.height {
        for column in 0..<2 * small.width {
          for channel in 0..<small.channelCount {
            let pixel = (image * small.height + row / 2) * small.width + column / 2
            places.append(pixel * small.channelCount + channel)
          }
        }
      }
    }
    return places
  }

  /// The largest number of each cell, and the place of the first of these in the images.
  package static func maxima(_ x: [Double], shape: PoolingShape) -> (y: [Double], places: [Int]) {
    let places = cells(shape).map { cell in
      cell.reduce(cell[0]) { x[$1] > x[$0] ? $1 : $0 }
    }
    return (places.map { x[$0] }, places)
  }

  /// The mean of each cell.
  package static func means(_ x: [Double], shape: PoolingShape) -> [Double] {
    cells(shape).map { cell in cell.reduce(0) { $0 + x[$1] } / Double(cell.count) }
  }

  /// The gradient of the means' images.
  package static func meansGradient(_ dy: [Double], shape: PoolingShape) -> [Double] {
    var dx = [Double](repeating: 0, count: shape.images.elementCount)
    for (gradient, cell) in zip(dy, cells(shape)) {
      for place in cell { dx[place] += gradient / Double(cell.count) }
    }
    return dx
  }

  /// For each element of the result, the places of its cell in the images, in row-major order.
  private static func cells(_ shape: PoolingShape) -> [[Int]] {
    let images = shape.images
    var cells: [[Int]] = []
    for image in 0..<images.batchSize {
      for rows in shape.rows {
        for columns in shape.columns {
          for channel in 0..<images.channelCount {
            cells.append(
              rows.flatMap { row in
                columns.map { column in
                  let pixel = (image * images.height + row) * images.width + column
                  return pixel * images.channelCount + channel
                }
              })
          }
        }
      }
    }
    return cells
  }
}
