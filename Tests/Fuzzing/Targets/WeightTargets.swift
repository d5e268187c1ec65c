import ArrayFiles
import Checkpoints
import Configurations
import Foundation
import TestSupport

// Files of weights: those of torch.save, and indices of safetensors files.

extension FuzzTarget {
  static let pytorch = FuzzTarget("pytorch") { _ in
    let text = try Repository.text(of: "Tests/ArrayFilesTests/Fixtures/pytorch.json")
    let files = try JSONDecoder().decode(PyTorchFiles.self, from: Data(text.utf8))
    return files.cases.map { [UInt8]($0.file) }
  } parse: { bytes, _ in
    try readAll(PyTorchFile(decoding: bytes, name: "input.pth").tensors())
  }

  private struct PyTorchFiles: Decodable {
    struct Case: Decodable {
      var file: Data
    }

    var cases: [Case]
  }

  /// `model.safetensors.index.json` beside two sound safetensors files.
  static let weights = FuzzTarget("weights") { folder in
    try SafetensorsFile.write(
      [SafetensorsTensor("a", [Float(1)]), SafetensorsTensor("b", [Int32(2)])],
      to: folder + "/1.safetensors")
    try SafetensorsFile.write(
      [SafetensorsTensor("c", [Float(3)])], to: folder + "/2.safetensors")
  } seeds: { _ in
    let map = #"{"a": "1.safetensors", "b": "1.safetensors", "c": "2.safetensors"}"#
    return [Array(#"{"metadata": {"total_size": 12}, "weight_map": \#(map)}"#.utf8)]
  } parse: { bytes, folder in
    let path = folder + "/model.safetensors.index.json"
    try SoundFiles.overwrite(path, bytes)
    try readAll(WeightsFile(contentsOf: path).tensors)
  }

  private static func readAll(_ tensors: [any StoredTensor]) throws {
    for tensor in tensors {
      let elementCount =
        switch tensor.elementType {
        case .float16, .bfloat16, .float32, .float64: try tensor.floats().count
        case .uint64: tensor.withUnsafeBytes { $0.count / 8 }
        default: try tensor.int64s().count
        }
      precondition(
        elementCount == tensor.elementCount, "\(elementCount) elements of \(tensor.elementCount)")
    }
  }
}

extension FuzzTarget {
  /// Configurations of the published program, read as those of its two models.
  static let published = FuzzTarget("published") { _ in
    try ["tokenizer/restok-l-256-released", "generator/har-l"].map { path in
      let text = try Repository.text(of: "Configs/\(path).yaml")
      let configuration = try AnyRunConfiguration(yaml: text, file: path)
      return Array(try PublishedConfiguration.text(for: configuration, file: path).utf8)
    }
  } parse: { bytes, _ in
    let text = String(decoding: bytes, as: UTF8.self)
    let kind: RunKind = text.contains("vq_model") ? .tokenizer : .generator
    let configuration = try PublishedConfiguration(text: text, file: "input", kind: kind)
      .configuration
    let written = try PublishedConfiguration.text(for: configuration, file: "input")
    let again = try PublishedConfiguration(text: written, file: "again", kind: kind).configuration
    precondition(
      again.modelDigest == configuration.modelDigest, "another model is read: \(again)")
  }
}
