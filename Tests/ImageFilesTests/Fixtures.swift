import Foundation
import ImageFiles
import Testing

/// Expected values that `Fixtures/make_fixtures.py` made with Pillow and PyTorch.
enum Fixtures {
  struct DecodingCase: Decodable, CustomTestStringConvertible {
    var name: String
    var file: Data
    var height: Int
    var width: Int
    var pixels: Data

    var testDescription: String { name }
    var image: RGBImage { RGBImage(height: height, width: width, pixels: [UInt8](pixels)) }
  }

  struct DecodingCases: Decodable {
    var jpeg: [DecodingCase]
    var png: [DecodingCase]
  }

  struct ResizingCase: Decodable, CustomTestStringConvertible {
    var name: String
    var height: Int
    var width: Int
    var pixels: Data

    var testDescription: String { "\(name) to \(height) x \(width)" }
    var image: RGBImage { RGBImage(height: height, width: width, pixels: [UInt8](pixels)) }
  }

  struct ResizingCases: Decodable {
    var height: Int
    var width: Int
    var pixels: Data
    var cases: [ResizingCase]

    var source: RGBImage { RGBImage(height: height, width: width, pixels: [UInt8](pixels)) }

    func cases(named name: String) -> [ResizingCase] { cases.filter { $0.name == name } }
  }

  struct LargeResizingCase: Decodable {
    var name: String
    var height: Int
    var width: Int
    var checksum: String
  }

  struct LargeResizingCases: Decodable {
    var height: Int
    var width: Int
    var cases: [LargeResizingCase]
  }

  struct FloatCase: Decodable {
    var height: Int
    var width: Int
    var plane: Data
    var newHeight: Int
    var newWidth: Int
    var expected: Data
  }

  static func load<Value: Decodable>(_ file: String, as type: Value.Type = Value.self) throws
    -> Value
  {
    let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(file)")
    return try JSONDecoder().decode(type, from: Data(contentsOf: url))
  }
}

extension Data {
  /// The bytes read as little-endian float32.
  var floats: [Float] {
    stride(from: 0, to: count, by: 4).map { start in
      let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(self[start + $1]) << (8 * UInt32($1)) }
      return Float(bitPattern: bits)
    }
  }
}
