import ImageFiles
import Testing

/// A window of a resized image is the same to the byte as the whole resized image, cropped.
@Suite struct ImageWindowTests {
  /// An image whose pixels all differ from their neighbours.
  private static func image(_ height: Int, _ width: Int) -> RGBImage {
    RGBImage(
      height: height, width: width,
      pixels: (0..<height * width * 3).map { UInt8(truncatingIfNeeded: $0 * $0 * 31 + $0 / 7) })
  }

  @Test(arguments: [ResamplingFilter.bicubic, .box])
  func aWindowIsTheResizedImageCropped(filter: ResamplingFilter) {
    for (height, width) in [(1, 1), (1, 9), (7, 1), (5, 8), (13, 6)] {
      let image = Self.image(height, width)
      for (newHeight, newWidth) in [(1, 1), (3, 11), (17, 4), (height, 5), (6, width), (24, 24)] {
        let whole = image.resized(height: newHeight, width: newWidth, filter: filter)
        for window in Self.windows(newHeight, newWidth) {
          let kept = image.resized(
            height: newHeight, width: newWidth, filter: filter, keeping: window)
          let expected = whole.cropped(
            top: window.rows.lowerBound, left: window.columns.lowerBound,
            height: window.rows.count, width: window.columns.count)
          #expect(
            kept == expected, "\(height) x \(width) to \(newHeight) x \(newWidth), \(window)")
        }
      }
    }
  }

  private static func windows(_ height: Int, _ width: Int) -> [ImageWindow] {
    func ranges(_ side: Int) -> Set<Range<Int>> {
      [0..<side, 0..<1, side - 1..<side, side / 3..<side / 3 + (side + 1) / 2]
    }
    return ranges(height).flatMap { rows in
      ranges(width).map { ImageWindow(rows: rows, columns: $0) }
    }
  }

  @Test func elongatedImagesCostTheirCrop() {
    // Resized as a whole, the first would have 16 million columns of 256 pixels.
    for (height, width) in [(1, 65_500), (65_500, 1), (1, 1_000_000)] {
      let image = RGBImage(height: height, width: width, filledWith: 77)
      let expected = RGBImage(height: 256, width: 256, filledWith: 77)
      #expect(image.evaluationCropped(size: 256) == expected)
      #expect(image.admCentreCropped(size: 256) == expected)
      #expect(image.admRandomCropped(size: 256, scale: 0.01...1) { $0 - 1 } == expected)
    }
  }

  @Test func offsetsBeyondTheDrawsRangeAreNotDrawn() {
    var bounds: [UInt32] = []
    let image = RGBImage(height: 1, width: 1_000_000, filledWith: 5)
    let crop = image.admRandomCropped(size: 16_384, scale: 1...1) { bound in
      bounds.append(bound)
      return bound - 1
    }
    #expect(crop == RGBImage(height: 16_384, width: 16_384, filledWith: 5))
    #expect(bounds == [1, 1, .max])
  }

  @Test func aWindowBeyondTheResizedImageIsAProgrammersMistake() async {
    await #expect(processExitsWith: .failure) {
      _ = RGBImage(height: 2, width: 2, filledWith: 0).resized(
        height: 4, width: 4, filter: .bicubic, keeping: ImageWindow(rows: 0..<5, columns: 0..<4))
    }
  }

  @Test func aShortSideBeyondTheLimitIsAProgrammersMistake() async {
    await #expect(processExitsWith: .failure) {
      _ = RGBImage(height: 2, width: 2, filledWith: 0).admRandomCropped(
        size: 16, scale: 1e-9...1
      ) { _ in 0 }
    }
  }
}
