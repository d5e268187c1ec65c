import Datasets
import Foundation
import ImageFiles
import TestSupport
import Testing

/// A folder of image files with what Pillow makes of them.
struct ImageGolden: CustomTestStringConvertible {
  let testDescription: String
  private let directory: URL

  /// The folder that is shipped.
  static let shipped = ImageGolden(
    testDescription: "shipped",
    directory: Bundle.module.bundleURL.appendingPathComponent("Goldens/images"))

  /// The folder that is shipped, and that in the directory that `RESTOK_GOLDEN_DIRECTORY` names.
  static var all: [ImageGolden] {
    guard let given = ProcessInfo.processInfo.environment["RESTOK_GOLDEN_DIRECTORY"] else {
      return [shipped]
    }
    let directory = URL(fileURLWithPath: given).appendingPathComponent("images")
    guard FileManager.default.fileExists(atPath: directory.path) else {
      print("golden images: skipped, there is no \(directory.path)")
      return [shipped]
    }
    return [shipped, ImageGolden(testDescription: "given", directory: directory)]
  }

  /// `expected.json`.
  struct Expected: Decodable {
    var files: [String: File]
    var photos: [String: [String: Crops]]
  }

  /// What Pillow makes of a file.
  struct File: Decodable {
    /// `image`, `error` or `refuse`.
    var expect: String
    var height: Int?
    var width: Int?
    var sha256: String?
    var note: String?
  }

  /// Digests of the crops of a picture to one size.
  struct Crops: Decodable {
    struct Resized: Decodable {
      var height: Int
      var width: Int
      var sha256: String
    }

    struct Random: Decodable {
      var side: Int
      var y: Int
      var x: Int
      var flip: Bool
      var sha256: String
    }

    var shortSide: Resized
    var centre: String
    var centreFlip: String
    var admCentre: String
    var admRandom: [Random]
    var tenCrop: [String]

    /// The names of the crops that come out otherwise.
    func wrongCrops(of bytes: [UInt8], size: Int) throws -> [String] {
      let image = try RGBImage(decoding: bytes, name: "photo")
      let resized = image.resized(shortSide: size, convention: .torchvision)
      let centre = image.evaluationCropped(size: size)
      var crops = [
        ("short_side", resized, shortSide.sha256), ("centre", centre, self.centre),
        ("centre_flip", centre.mirrored(), centreFlip),
        ("adm_centre", image.admCentreCropped(size: size), admCentre),
      ]
      crops += try admRandom.enumerated().map { index, random in
        let crop = try RGBImage(decoding: bytes, name: "photo") { height, width in
          var draws = [random.side - size, random.y, random.x, random.flip ? 1 : 0]
          return Augmentation.published.plan(size: size, ofHeight: height, width: width) { _ in
            UInt32(draws.removeFirst())
          }
        }
        return ("adm_random \(index)", crop, random.sha256)
      }
      crops += zip(CropRecipe.ten.crops(of: image, size: size), tenCrop).enumerated().map {
        ("ten_crop \($0)", $1.0, $1.1)
      }
      return crops.filter { SHA256.hexadecimal($0.1.pixels) != $0.2 }.map(\.0)
    }
  }

  /// What is expected of the folder's files.
  func expected() throws -> Expected {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Expected.self, from: Data(contentsOf: url("expected.json")))
  }

  /// A file of the folder.
  func bytes(of name: String) throws(ImageError) -> [UInt8] {
    try ImageFolder.bytes(ofFile: url(name).path)
  }

  /// Whether a file came out as expected, and how.
  func outcome(of decoded: Result<RGBImage, ImageError>, _ file: File) -> (
    isExpected: Bool, text: String
  ) {
    switch decoded {
    case .success(let image):
      let isEqual =
        file.expect == "image" && image.height == file.height && image.width == file.width
        && SHA256.hexadecimal(image.pixels) == file.sha256
      return (isEqual, isEqual ? "equal" : "another picture, expected \(file.expect)")
    case .failure(let error):
      var isExpected = file.expect == "error" || file.note?.hasPrefix("optional") == true
      if case .unsupportedFormat = error { isExpected = file.expect == "refuse" }
      return (isExpected, "refused: \(error.reason)")
    }
  }

  private func url(_ name: String) -> URL { directory.appendingPathComponent(name) }
}
