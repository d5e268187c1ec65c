import ArrayFiles
import Datasets
import Foundation
import ImageFiles
import TestSupport
import Testing

/// Tars as the `webdataset` package and others write them, and codes as the published program keeps them.
struct WebDatasetGolden: CustomTestStringConvertible {
  let testDescription: String
  let folder: String

  /// The folder that is shipped, and that in the directory that `RESTOK_GOLDEN_DIRECTORY` names.
  static var all: [WebDatasetGolden] {
    let shipped = WebDatasetGolden(
      testDescription: "shipped",
      folder: Bundle.module.bundleURL.appendingPathComponent("Goldens/webdataset").path)
    guard let given = ProcessInfo.processInfo.environment["RESTOK_GOLDEN_DIRECTORY"] else {
      return [shipped]
    }
    let folder = given + "/webdataset"
    guard FileSystem.exists(folder) else {
      print("golden webdataset: skipped, there is no \(folder)")
      return [shipped]
    }
    return [shipped, WebDatasetGolden(testDescription: "given", folder: folder)]
  }

  /// `expected.json`.
  struct Expected: Decodable {
    struct Shard: Decodable {
      var errors: [String]
      var samples: [Sample]
    }

    struct Sample: Decodable {
      var key: String
      var status: String
      var label: Int?
      var width: Int?
      var height: Int?
      var rgbSha256: String?
    }

    struct Code: Decodable {
      var folder: String
      var index: Int
      var shape: [Int]
      var label: Int
      var first: [UInt16]
      var last: [UInt16]
      var sha256Uint16: String
    }

    var shards: [String: Shard]
    var codes: [Code]
  }

  func expected() throws -> Expected {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(
      Expected.self, from: Data(try FileSystem.bytes(of: folder + "/expected.json")))
  }
}

@Suite struct WebDatasetGoldenTests {
  @Test(arguments: WebDatasetGolden.all)
  func samplesAreThoseOfThePackage(golden: WebDatasetGolden) throws {
    for (name, shard) in try golden.expected().shards.sorted(by: { $0.key < $1.key }) {
      let tar = try WebDatasetTar(of: golden.folder + "/" + name)
      #expect((tar.damage != nil) == !shard.errors.isEmpty)
      #expect(tar.samples.map(\.key) == shard.samples.map(\.key))
      var wrong: [String] = []
      for (sample, expected) in zip(tar.samples, shard.samples) {
        if try status(of: sample, in: tar.file, expected) != expected.status {
          wrong.append(expected.key)
        }
      }
      #expect(wrong.isEmpty, "\(name): \(wrong)")
      print(
        "golden webdataset/\(name): \(shard.samples.count - wrong.count) of \(shard.samples.count) samples equal"
      )
    }
  }

  /// What a sample is; an image must be the expected one.
  private func status(
    of sample: WebDatasetTar.Sample, in file: RandomAccessFile,
    _ expected: WebDatasetGolden.Expected.Sample
  ) throws -> String {
    switch sample.verdict {
    case .noImage: return "no image"
    case .noClass: return "no class"
    case .badClass: return "bad class"
    case .repeated, .longKey: return "refused"
    case .image(let range, let label):
      #expect(label == expected.label, "\(sample.key)")
      guard let image = try? RGBImage(decoding: file.bytes(in: range), name: sample.key) else {
        return "damaged"
      }
      let isEqual =
        SHA256.hexadecimal(image.pixels) == expected.rgbSha256
        && image.width == expected.width && image.height == expected.height
      return isEqual ? "ok" : "another image"
    }
  }

  @Test(arguments: WebDatasetGolden.all)
  func publishedCodesComeInAndGoOut(golden: WebDatasetGolden) throws {
    let expected = Dictionary(grouping: try golden.expected().codes, by: \.folder)
    for (name, codes) in expected.sorted(by: { $0.key < $1.key }) {
      try withTemporaryDirectory { folder in
        let source = try PublishedCodes(folder: golden.folder + "/" + name)
        #expect(source.sampleCount == codes.count)
        let file = folder + "/codes.h5"
        try source.write(to: file, description(of: source))
        let read = try CodesFile(path: file)
        for code in codes {
          #expect([source.cropCount, source.tokenCount] == code.shape)
          #expect(Int(read.labels[code.index]) == code.label)
          let rows = try (0..<code.shape[0]).flatMap { try read.codes(at: code.index, crop: $0) }
          #expect(Array(rows.prefix(4)) == code.first && Array(rows.suffix(4)) == code.last)
          let bytes = rows.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
          #expect(SHA256.hexadecimal(bytes) == code.sha256Uint16)
        }
        try PublishedCodes.write(read, to: folder + "/back", name: source.name)
        for part in ["codes", "labels"] {
          for index in codes.indices {
            let path = "/\(source.name)_\(part)/\(index).npy"
            #expect(
              try FileSystem.bytes(of: folder + "/back" + path)
                == FileSystem.bytes(of: source.folder + path), "\(path)")
          }
        }
        print(
          "golden webdataset/\(name): \(codes.count) files of codes equal, and back byte for byte")
      }
    }
  }

  private func description(of codes: PublishedCodes) throws -> CodesDescription {
    CodesDescription(
      sampleCount: codes.sampleCount, cropCount: codes.cropCount, tokenCount: codes.tokenCount,
      vocabularySize: 8192, classCount: try codes.largestLabel() + 1, tokenizerDigest: "",
      cropRecipeDigest: "")
  }
}
