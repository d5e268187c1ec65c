import Datasets
import ImageFiles
import Testing

@Suite struct AugmentationTests {
  private let image = RGBImage(
    height: 24, width: 30, pixels: (0..<24 * 30 * 3).map { UInt8($0 * 37 % 251) })

  @Test func withoutAugmentationTrainingIsEvaluation() {
    let result = Augmentation.none.apply(to: image, size: 12) { _ in
      Issue.record("nothing is to be drawn")
      return 0
    }
    #expect(result == image.evaluationCropped(size: 12))
  }

  @Test func drawsComeInADocumentedOrder() {
    var bounds: [UInt32] = []
    let result = Augmentation.published.apply(to: image, size: 12) { bound in
      bounds.append(bound)
      return bound - 1
    }
    // Short side 12...15: 15 is drawn, so the image is 15 x 19; then top, left, mirror.
    #expect(bounds == [4, 4, 8, 2])
    let expected = image.admResized(shortSide: 15).cropped(top: 3, left: 7, height: 12, width: 12)
    #expect(result == expected.mirrored())
  }

  @Test func flipsAloneMirrorTheCentre() {
    let flip = Augmentation(crop: nil, flip: true)
    let centre = image.evaluationCropped(size: 10)
    #expect(flip.apply(to: image, size: 10) { _ in 0 } == centre)
    #expect(flip.apply(to: image, size: 10) { _ in 1 } == centre.mirrored())
  }

  @Test func trainingAndEvaluationImagesComeFromSamples() throws {
    let kind = ImageKind.rgb8(height: 24, width: 30)
    let sample = Sample(bytes: image.pixels, label: 0, key: "k", file: "shard", index: 3)
    #expect(try kind.evaluationImage(of: sample, size: 8) == image.evaluationCropped(size: 8))
    let training = try kind.trainingImage(of: sample, size: 8, augmentation: .none) { _ in 0 }
    #expect(training == image.evaluationCropped(size: 8))
    let error = #expect(throws: DataError.self) {
      try ImageKind.rgb8(height: 24, width: 31).image(of: sample)
    }
    #expect(error?.index == 3)
  }

  @Test func theTenCropsAreFiveAndTheirMirrorImages() {
    let crops = CropRecipe.ten.crops(of: image, size: 20)
    #expect(crops.count == CropRecipe.ten.cropCount)
    let large = image.admCentreCropped(size: 22)
    #expect(crops[0] == large.cropped(top: 0, left: 0, height: 20, width: 20))
    #expect(crops[1] == large.cropped(top: 0, left: 2, height: 20, width: 20))
    #expect(crops[4] == large.cropped(top: 1, left: 1, height: 20, width: 20))
    #expect(crops[5] == large.mirrored().cropped(top: 0, left: 0, height: 20, width: 20))
    #expect(crops[9] == crops[4].mirrored())
    #expect(CropRecipe.centre.crops(of: image, size: 20) == [image.admCentreCropped(size: 20)])
  }

  @Test func recipesHaveDifferentDigests() {
    let digests = CropRecipe.allCases.flatMap { [$0.digest(size: 32), $0.digest(size: 64)] }
    #expect(Set(digests).count == 2 * CropRecipe.allCases.count)
  }

  @Test func aCropBeyondTheImageIsAProgrammersMistake() async {
    await #expect(processExitsWith: .failure) { _ = Augmentation(crop: 0.5...1.5, flip: false) }
  }
}
