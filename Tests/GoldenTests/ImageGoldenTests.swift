import Datasets
import Foundation
import ImageFiles
import TestSupport
import Testing

/// Decoded files and crops against Pillow, torchvision and the ADM program, byte for byte.
@Suite struct ImageGoldenTests {
  @Test(arguments: ImageGolden.all)
  func filesDecodeAsInPillow(golden: ImageGolden) throws {
    for (name, file) in try golden.expected().files.sorted(by: { $0.key < $1.key }) {
      let decoded = Result { () throws(ImageError) in
        try RGBImage(decoding: golden.bytes(of: name), name: name)
      }
      let outcome = golden.outcome(of: decoded, file)
      print("golden images/\(name): \(outcome.text)")
      #expect(outcome.isExpected, "\(golden.testDescription)/\(name): \(outcome.text)")
    }
  }

  @Test(arguments: ImageGolden.all)
  func cropsEqualTheirPrograms(golden: ImageGolden) throws {
    for (name, sizes) in try golden.expected().photos.sorted(by: { $0.key < $1.key }) {
      let bytes = try golden.bytes(of: name)
      for (size, crops) in sizes.sorted(by: { Int($0.key) ?? 0 < Int($1.key) ?? 0 }) {
        let side = try #require(Int(size))
        let wrong = try crops.wrongCrops(of: bytes, size: side)
        print(
          "golden images/\(name) at \(size): "
            + (wrong.isEmpty ? "all crops equal" : "unequal: \(wrong.joined(separator: ", "))"))
        #expect(wrong.isEmpty, "\(golden.testDescription)/\(name) at \(size)")
      }
    }
  }

  /// Digests of `torchvision.transforms.functional.resized_crop(image, top, left, height, width,
  /// [size, size], BICUBIC, antialias=True)` with torchvision 0.28 and Pillow 13.
  private static let resizedCrops: [(String, [Int], Int, String)] = [
    (
      "photo-00.jpg", [0, 0, 361, 480], 64,
      "f6a3565d9fd31422e3539d9913de97c1960c20db2f3889f3856e5b458f15951e"
    ),
    (
      "photo-00.jpg", [17, 23, 111, 140], 64,
      "8551a09d01377369e7ab56b79b7e0c692aabc57549a6819a6e490c6603d2c88d"
    ),
    (
      "photo-09.jpg", [3, 5, 60, 47], 32,
      "3a1be847b2bc28e6524b101ef07eb047df7d9d6f71f9bd5990fda0ef60f9a1d4"
    ),
    (
      "photo-09.jpg", [40, 30, 201, 151], 256,
      "db0411203821840ec83bce1afa989ef47bf1a73717bd418fe19922fcd52a9649"
    ),
    (
      "photo-10.webp", [10, 11, 33, 25], 64,
      "f22d63b8cdb84bb84c3aca08a75fb03a7cc0e45f38df21dc54f8ee47c0bfce45"
    ),
  ]

  @Test func resizedCropsEqualTorchvisions() throws {
    let golden = ImageGolden.shipped
    for (name, window, size, digest) in Self.resizedCrops {
      let image = try RGBImage(decoding: golden.bytes(of: name), name: name)
        .cropped(top: window[0], left: window[1], height: window[2], width: window[3])
        .resized(height: size, width: size)
      #expect(SHA256.hexadecimal(image.pixels) == digest, "\(name) \(window) to \(size)")
    }
  }

  @Test func uprightPicturesEqualPillows() throws {
    for (name, digest) in Self.upright {
      let image = try RGBImage(
        decoding: ImageGolden.shipped.bytes(of: name), name: name, orientation: .upright)
      #expect(SHA256.hexadecimal(image.pixels) == digest, "\(name)")
    }
  }

  /// Digests of `ImageOps.exif_transpose(Image.open(file)).convert("RGB")` with Pillow 13.
  private static let upright = [
    "jpeg-exif-orientation-1.jpg":
      "5684bf6ef75e1d7bc9d57c28f3f9b48d4dbc9cd49ab5f9d3b6245e96b3e79f4c",
    "jpeg-exif-orientation-2.jpg":
      "197de67f36eb10d5b6b1814d21708311ec9da5347c8df3781c5d206b4d1509db",
    "jpeg-exif-orientation-3.jpg":
      "5b2c8f5fe342793d4793abdaf5e20903d397a12b3c7b7dc98e75ee8c670c3999",
    "jpeg-exif-orientation-4.jpg":
      "954bf718f0f55a8d86275e7b5a7bbbaa37ef228b253d17fe68f214c1336cc180",
    "jpeg-exif-orientation-5.jpg":
      "a147ea0671b8f64e1e499711dd8ec98322207b4e7dfaae559d73e1c3a4c3a4e8",
    "jpeg-exif-orientation-6.jpg":
      "96c90d9082985a93bb5fe39172c4d0d923fd601a056efbce777bcc7a259e5ffc",
    "jpeg-exif-orientation-7.jpg":
      "c62bfdb2d082dcc7ddc1f767d2d74d6eedddbdd67c61f3a2e5f329b94ad67c1d",
    "jpeg-exif-orientation-8.jpg":
      "053e319978cd237cd2426f559f9f7a7855ddba3eb06e2205991984065d53f628",
    "photo-11-exif.jpg":
      "b3020d748d0f932420e5f605a1ffe91cebf690b9ff780309850fdee3395bff00",
    "png-exif-orientation.png":
      "6dae2abda546d3974ff7e8f4afeab432b1cab03acbb9116b59b4e7a8b3f028a6",
    "webp-exif-icc.webp":
      "7b0152b56b7701e54bc5e8d74fa1e75aec175284386310d0070ebbfd3015d04d",
  ]

  @Test func digestsAreThoseOfTheStandard() {
    #expect(
      SHA256.hexadecimal(Array("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA256.hexadecimal([])
        == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }
}
