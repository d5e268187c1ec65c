import ArrayFiles
import Datasets
import Foundation
import ImageFiles
import TestSupport
import Testing

@Suite struct ImagePackingTests {
  @Test func squaresAreStoredAsEvaluationTakesThem() throws {
    try withTemporaryDirectory { folder in
      let images = try makeImageFolder(folder + "/images")
      let packing = ImagePacking(
        storage: .square(size: 8), shardByteCount: 3 * 8 * 8 * 3, attribution: "nobody")
      var calls: [[Int]] = []
      let report = try packing.pack(folder + "/images", to: folder + "/packed/data") {
        calls.append([$0, $1])
      }
      #expect(calls.last == [7, 7])
      #expect(report.damaged.isEmpty)
      #expect(try names(in: folder + "/packed") == ["data"])
      let dataset = try ImageDataset(folder: folder + "/packed/data", blockSampleCount: 2)
      #expect(dataset.manifest == report.manifest)
      #expect(dataset.manifest.classes == ["Zebra", "ant", "bee"])
      #expect(dataset.manifest.attribution == "nobody")
      #expect(dataset.image == .rgb8(height: 8, width: 8))
      #expect(dataset.manifest.shards.map(\.sampleCount) == [3, 3, 1])
      var keys: Set<String> = []
      for index in (0..<7).reversed() {
        let sample = try dataset.sample(at: index)
        let original = try #require(images[sample.key])
        let image = try dataset.image.image(of: sample)
        #expect(image == original.image.evaluationCropped(size: 8))
        #expect(sample.label == original.label)
        keys.insert(sample.key)
      }
      #expect(keys == Set(images.keys))
    }
  }

  @Test func picturesAreTurnedWhereThatIsAskedFor() throws {
    try withTemporaryDirectory { folder in
      let file = try Repository.bytes(
        of: "Tests/GoldenTests/Goldens/images/png-exif-orientation.png")
      try FileSystem.createDirectory(folder + "/images/a")
      try AtomicFile.write(file, to: folder + "/images/a/1.png")
      for orientation in [ImageOrientation.stored, .upright] {
        let data = folder + "/\(orientation)"
        let report = try ImagePacking(storage: .square(size: 8), orientation: orientation).pack(
          folder + "/images", to: data)
        #expect(
          report.manifest.provenance.contains("turned as EXIF says") == (orientation == .upright))
        let image = try RGBImage(decoding: file, name: "file", orientation: orientation)
        let sample = try ImageDataset(folder: data).sample(at: 0)
        #expect(sample.bytes == image.evaluationCropped(size: 8).pixels)
      }
    }
  }

  @Test func filesAreKeptAsTheyAre() throws {
    try withTemporaryDirectory { folder in
      let images = try makeImageFolder(folder + "/images")
      try ImagePacking(storage: .asIs).pack(folder + "/images/", to: folder + "/data/")
      let dataset = try ImageDataset(folder: folder + "/data")
      #expect(dataset.image == .encoded)
      for index in 0..<dataset.sampleCount {
        let sample = try dataset.sample(at: index)
        let path = folder + "/images/" + sample.key
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(sample.bytes))
        let image = try dataset.image.evaluationImage(of: sample, size: 5)
        #expect(image == images[sample.key]?.image.evaluationCropped(size: 5))
      }
    }
  }

  @Test func packingTwiceGivesEqualBytes() throws {
    try withTemporaryDirectory { folder in
      _ = try makeImageFolder(folder + "/images")
      let digests = try ["a", "b"].map {
        try ImagePacking(storage: .asIs).pack(folder + "/images", to: folder + "/\($0)").manifest
          .digest
      }
      #expect(digests[0] == digests[1])
    }
  }

  @Test func aDamagedFileStopsPackingAndNothingStays() throws {
    try withTemporaryDirectory { folder in
      _ = try makeImageFolder(folder + "/images")
      let damaged = folder + "/images/ant/2.png"
      try modify(damaged) { $0.removeLast(40) }
      for storage in [ImagePacking.Storage.square(size: 8), .asIs] {
        let error = #expect(throws: ImageError.self) {
          try ImagePacking(storage: storage).pack(folder + "/images", to: folder + "/data")
        }
        #expect(error?.name == damaged)
      }
      #expect(try names(in: folder) == ["images"])
      let report = try ImagePacking(storage: .asIs, damaged: .skip).pack(
        folder + "/images", to: folder + "/data")
      #expect(report.damaged.map(\.name) == [damaged])
      #expect(report.manifest.sampleCount == 6)
    }
  }

  @Test func foldersWithoutClassesOrImagesAreRefused() throws {
    try withTemporaryDirectory { folder in
      let packing = ImagePacking(storage: .asIs)
      for (source, text) in [("none", "no folders"), ("empty", "no image files")] {
        let path = folder + "/" + source
        try FileManager.default.createDirectory(
          atPath: path + (source == "empty" ? "/class" : ""), withIntermediateDirectories: true)
        let error = #expect(throws: DataError.self) { try packing.pack(path, to: folder + "/data") }
        #expect(error?.description.contains(path) == true)
        #expect(error?.description.contains(text) == true)
      }
      #expect(throws: ImageError.self) {
        try packing.pack(folder + "/missing", to: folder + "/data")
      }
      #expect(try names(in: folder) == ["empty", "none"])
    }
  }

  @Test func whatIsThereIsNotOverwritten() throws {
    try withTemporaryDirectory { folder in
      _ = try makeImageFolder(folder + "/images")
      try FileManager.default.createDirectory(
        atPath: folder + "/data", withIntermediateDirectories: false)
      try ImagePacking(storage: .asIs).pack(folder + "/images", to: folder + "/data")
      let error = #expect(throws: DataError.self) {
        try ImagePacking(storage: .asIs).pack(folder + "/images", to: folder + "/data")
      }
      #expect(error?.description.contains("there already") == true)
    }
  }
}

/// Writes seven small images of three classes; returns them by their key.
func makeImageFolder(_ folder: String) throws -> [String: (image: RGBImage, label: Int)] {
  var images: [String: (image: RGBImage, label: Int)] = [:]
  for (label, name) in ["Zebra", "ant", "bee"].enumerated() {
    try FileManager.default.createDirectory(
      atPath: folder + "/" + name, withIntermediateDirectories: true)
    for number in 1...(label == 1 ? 3 : 2) {
      let height = 9 + number
      let width = 12 - label
      let pixels = (0..<height * width * 3).map { UInt8(($0 * 31 + label * 50 + number) % 256) }
      let image = RGBImage(height: height, width: width, pixels: pixels)
      try image.writePNG(to: "\(folder)/\(name)/\(number).png")
      images["\(name)/\(number).png"] = (image, label)
    }
  }
  return images
}
