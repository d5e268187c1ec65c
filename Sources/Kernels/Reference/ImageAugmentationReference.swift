/// Naive loops for changes of images `[batch, height, width, channels]`, one by one as they are defined.
package enum ImageAugmentationReference {
  /// x + brightness; then the distance to the pixel's mean times saturation; then the distance to the
  /// image's mean times contrast.
  package static func adjustColors(
    _ x: [Double], brightness: [Double], saturation: [Double], contrast: [Double],
    channelCount: Int
  ) -> [Double] {
    let size = x.count / brightness.count
    return brightness.indices.flatMap { image -> [Double] in
      var pixels = x[image * size..<(image + 1) * size].map { $0 + brightness[image] }
      for start in stride(from: 0, to: size, by: channelCount) {
        let channels = start..<start + channelCount
        let grey = pixels[channels].reduce(0, +) / Double(channelCount)
        for place in channels { pixels[place] = (pixels[place] - grey) * saturation[image] + grey }
      }
      let mean = pixels.reduce(0, +) / Double(size)
      return pixels.map { ($0 - mean) * contrast[image] + mean }
    }
  }

  /// y[r, c] = x[r + rows, c + columns], 0 beyond the image.
  package static func translate(
    _ x: [Double], rows: [Int], columns: [Int], shape: ImageShape
  ) -> [Double] {
    places(shape).map { image, row, column, channel in
      let (sourceRow, sourceColumn) = (row + rows[image], column + columns[image])
      guard 0..<shape.height ~= sourceRow, 0..<shape.width ~= sourceColumn else { return 0 }
      let pixel = (image * shape.height + sourceRow) * shape.width + sourceColumn
      return x[pixel * shape.channelCount + channel]
    }
  }

  /// x, and 0 in a rectangle of each image.
  package static func cut(
    _ x: [Double], rows: [Range<Int>], columns: [Range<Int>], shape: ImageShape
  ) -> [Double] {
    zip(x, places(shape)).map { number, place in
      rows[place.image].contains(place.row) && columns[place.image].contains(place.column)
        ? 0 : number
    }
  }

  private static func places(_ shape: ImageShape) -> [(
    image: Int, row: Int, column: Int, channel: Int
  )] {
    (0..<shape.elementCount).map { index in
      let (pixel, channel) = index.quotientAndRemainder(dividingBy: shape.channelCount)
      let (line, column) = pixel.quotientAndRemainder(dividingBy: shape.width)
      return (line / shape.height, line % shape.height, column, channel)
    }
  }
}
