import ArrayFiles
import Datasets
import ImageFiles
import TestSupport
import Testing

@Suite struct DigitsDatasetTests {
  @Test func digitsAreWrittenWhole() throws {
    try withTemporaryDirectory { folder in
      let manifests = try DigitsDataset.write(to: folder + "/digits")
      #expect(try names(in: folder) == ["digits"])
      #expect(try names(in: folder + "/digits") == ["evaluation", "train"])
      #expect(manifests.train.sampleCount == 1600)
      #expect(manifests.evaluation.sampleCount == 197)
      var keys: Set<String> = []
      var digest = ContentDigest()
      for part in ["train", "evaluation"] {
        let verification = try DatasetVerification(folder: folder + "/digits/" + part)
        #expect(verification.isIntact)
        let dataset = try ImageDataset(folder: folder + "/digits/" + part)
        #expect(dataset.image == .rgb8(height: 32, width: 32))
        #expect(dataset.manifest.classes == (0...9).map(String.init))
        #expect(dataset.manifest.attribution == DigitsDataset.attribution)
        #expect(dataset.manifest.attribution.contains("CC BY 4.0"))
        let counts = try DatasetInformation(of: dataset).classes.map(\.sampleCount)
        #expect(counts.allSatisfy { $0 * 20 > dataset.sampleCount })
        for index in 0..<dataset.sampleCount {
          let sample = try dataset.sample(at: index)
          keys.insert(sample.key)
          digest.update(sample.bytes + [UInt8(sample.label)])
        }
      }
      #expect(keys.count == 1797)
      // Every pixel and label in the written order. Checked once against h5py, PyTorch's bicubic and
      // the permutation written anew in Python: two pixels of 1 840 128 fall on the other side of a
      // rounding.
      #expect(digest.hexadecimal == "7bf6f12edaf3db24")
    }
  }

  @Test func enlargingClampsAndRounds() {
    let blank = DigitsDataset.enlarged([UInt8](repeating: 0, count: 64))
    #expect(blank == RGBImage(height: 32, width: 32, filledWith: 0))
    let full = DigitsDataset.enlarged([UInt8](repeating: 16, count: 64))
    #expect(full == RGBImage(height: 32, width: 32, filledWith: 255))
    let half = DigitsDataset.enlarged([UInt8](repeating: 8, count: 64))
    #expect(half == RGBImage(height: 32, width: 32, filledWith: 128))
    var dot = [UInt8](repeating: 0, count: 64)
    dot[27] = 16
    let pixels = DigitsDataset.enlarged(dot).pixels
    #expect(pixels.max() ?? 0 > 200)
    #expect(pixels.filter { $0 > 0 }.count < 3 * 12 * 12)
  }
}
