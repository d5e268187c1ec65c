/// Naive loops for 2×2 pooling and upsampling.
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
}
