import ArrayFiles
import Foundation
import TestSupport

/// Files that `Fixtures/make_pytorch_files.py` wrote with PyTorch, and what is in them.
enum PyTorchFixtures {
  struct Tensor: Decodable {
    var name: String
    var elementType: String
    var shape: [Int]
    var elements: [String]
  }

  struct Case: Decodable {
    var name: String
    var file: Data
    var tensors: [Tensor]

    var bytes: [UInt8] { [UInt8](file) }
  }

  struct Refusal: Decodable {
    var name: String
    var file: Data
  }

  private struct Content: Decodable {
    var cases: [Case]
    var refusals: [Refusal]
  }

  static func cases() throws -> [Case] { try content().cases }

  static func refusals() throws -> [Refusal] { try content().refusals }

  /// The bytes of the file of a case.
  static func file(_ name: String) throws -> [UInt8] {
    guard let found = try cases().first(where: { $0.name == name }) else {
      throw CocoaError(.fileNoSuchFile)
    }
    return found.bytes
  }

  private static func content() throws -> Content {
    let text = try Repository.text(of: "Tests/ArrayFilesTests/Fixtures/pytorch.json")
    return try JSONDecoder().decode(Content.self, from: Data(text.utf8))
  }
}

/// Reads all elements of all tensors.
func readAll(_ file: PyTorchFile) throws -> Int {
  try file.tensors().reduce(0) { count, tensor in
    switch tensor.elementType {
    case .float16, .bfloat16, .float32, .float64: try count + tensor.floats().count
    default: try count + tensor.int64s().count
    }
  }
}
