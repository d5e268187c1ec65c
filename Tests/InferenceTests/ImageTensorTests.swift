import ImageFiles
import Inference
import Tensors
import TestSupport
import Testing

@Suite struct ImageTensorTests {
  @Test func bytesComeBack() {
    let images = (0..<2).map { index in
      RGBImage(
        height: 8, width: 16, pixels: (0..<384).map { UInt8(($0 + index * 7) % 256) })
    }
    let batch = Tensor(images: images)
    #expect(batch.shape == [2, 8, 16, 3])
    #expect(batch.array(of: Float.self)[255] == 1)
    #expect(RGBImage.images(of: batch) == images)
  }

  @Test func valuesAreClampedAndRoundedToEven() {
    let values: [Float] = [
      -0.5, 1.5, .nan, 0.5, 1.5 / 255, 2.5 / 255, .infinity, -.infinity, 0.999, 1, 0, 0.49 / 255,
    ]
    let images = RGBImage.images(of: Tensor(values, shape: [1, 2, 2, 3]))
    // 0.5 · 255 = 127.5 lies between 127 and 128.
    #expect(images[0].pixels == [0, 255, 0, 128, 2, 2, 255, 0, 255, 255, 0, 0])
  }

  @Test func picturesLayOutBatches() {
    let black = Tensor(repeating: 0, shape: [4, 2, 2, 3])
    let white = Tensor(repeating: 2, shape: [4, 2, 2, 3])
    let grid = ImageGrid(margin: 0)
    let pairs = grid.picture(originals: black, besideReconstructions: white, pairCount: 2)
    #expect(pairs.height == 4 && pairs.width == 8)
    #expect(Array(pairs.pixels.prefix(12)) == [0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255])
    let rows = grid.picture(samples: black, sampleCountPerClass: 1)
    #expect(rows.height == 8 && rows.width == 2)
    let square = grid.picture(originals: black, besideReconstructions: white)
    #expect(square.width == 4 && square.height == 8)
  }
}
