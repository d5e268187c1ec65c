import ImageFiles
import Testing

/// The rectangles of torchvision's random resized crop; its pixels are among the golden tests.
@Suite struct ResizedCropTests {
  private let image = RGBImage(
    height: 20, width: 30, pixels: (0..<1800).map { UInt8($0 * 31 % 251) })

  @Test func drawsComeInADocumentedOrder() {
    var bounds: [UInt32] = []
    let crop = image.randomResizedCropped(size: 8, area: 0.25...0.25) { bound in
      bounds.append(bound)
      return bound / 2
    }
    // A quarter of 600 pixels with equal sides: 12.2, so 12; then 9 tops and 19 lefts.
    #expect(bounds == [1 << 24, 1 << 24, 9, 19])
    #expect(
      crop == image.cropped(top: 4, left: 9, height: 12, width: 12).resized(height: 8, width: 8))
  }

  @Test func rectanglesThatDoNotFitAreDrawnAgain() {
    var drawCount = 0
    // Squares of 0.77 and of 0.71 of the area have sides of 21.5 and 20.7, and there are 20 rows.
    var fractions: [UInt32] = [1 << 23, 1 << 23, 3 << 21, 1 << 23, 0, 1 << 23, 0, 0]
    let crop = image.randomResizedCropped(size: 8, area: 0.54...1) { _ in
      drawCount += 1
      return fractions.removeFirst()
    }
    #expect(drawCount == 8)
    #expect(
      crop == image.cropped(top: 0, left: 0, height: 18, width: 18).resized(height: 8, width: 8))
  }

  @Test func elongatedImagesGiveTheirMiddle() {
    for (height, width, top, left, cropHeight, cropWidth) in [
      (3, 100, 0, 48, 3, 4), (100, 3, 48, 0, 4, 3),
    ] {
      let image = RGBImage(
        height: height, width: width, pixels: (0..<900).map { UInt8($0 * 7 % 253) })
      var drawCount = 0
      let crop = image.randomResizedCropped(size: 5, area: 0.5...1) { bound in
        drawCount += 1
        return bound - 1
      }
      #expect(drawCount == 20)
      #expect(
        crop
          == image.cropped(top: top, left: left, height: cropHeight, width: cropWidth)
          .resized(height: 5, width: 5))
    }
  }
}
