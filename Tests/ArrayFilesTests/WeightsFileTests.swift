import ArrayFiles
import Foundation
import TestSupport
import Testing

@Suite("Files of weights in all formats") struct WeightsFileTests {
  private func tensor(_ name: String, _ elements: [Float]) -> SafetensorsTensor {
    SafetensorsTensor(name, elements)
  }

  /// Two shards with an index of the given text.
  private func withShards(_ index: String, _ body: (String) throws -> Void) throws {
    try withTemporaryDirectory { directory in
      let half = SafetensorsTensor(
        "b", bytes: [0x80, 0x3f, 0x49, 0xc0], elementType: .bfloat16, shape: [2, 1])
      try SafetensorsFile.write([tensor("a", [1]), half], to: directory + "/1.safetensors")
      try SafetensorsFile.write([tensor("c", [3])], to: directory + "/2.safetensors")
      let path = directory + "/model.safetensors.index.json"
      try overwrite(path, Array(index.utf8))
      try body(path)
    }
  }

  private static func index(_ map: String) -> String {
    "{\"metadata\": {\"total_size\": 12}, \"weight_map\": {\(map)}}"
  }

  private static let sound = #""c": "2.safetensors", "a": "1.safetensors", "b": "1.safetensors""#

  @Test func shardsAreOneFile() throws {
    try withShards(Self.index(Self.sound)) { path in
      let tensors = try WeightsFile(contentsOf: path).tensors
      #expect(tensors.map(\.name) == ["a", "b", "c"])
      #expect(try tensors.map { try $0.floats() } == [[1], [1, -3.140625], [3]])
      #expect(tensors[1].shape == [2, 1])
      #expect(tensors[2].origin.hasSuffix("2.safetensors"))
      #expect(throws: ArrayFileError.self) { try WeightsFile(contentsOf: path, at: ["model"]) }
    }
  }

  /// As the older way of saving writes them, beside one of the newer.
  @Test func shardsMayBeOfPyTorch() throws {
    try withTemporaryDirectory { directory in
      let shard = try PyTorchFixtures.file("state dict, legacy")
      try overwrite(directory + "/1.bin", shard)
      try SafetensorsFile.write([tensor("c", [3])], to: directory + "/2.safetensors")
      let names = try WeightsFile(contentsOf: directory + "/1.bin").tensors.map(\.name)
      let map = names.map { "\"\($0)\": \"1.bin\", " }.joined()
      let path = directory + "/pytorch_model.bin.index.json"
      try overwrite(path, Array(Self.index(map + #""c": "2.safetensors""#).utf8))
      #expect(try Set(WeightsFile(contentsOf: path).tensors.map(\.name)) == Set(names + ["c"]))
      // An index is none of its own files.
      try overwrite(path, Array(Self.index(#""c": "pytorch_model.bin.index.json""#).utf8))
      let error = #expect(throws: ArrayFileError.self) { try WeightsFile(contentsOf: path) }
      #expect(error?.problem.contains("no file's name") == true)
    }
  }

  private static let contradictions: [(map: String, sign: String)] = [
    (#""a": "1.safetensors", "c": "2.safetensors""#, "the index does not name it"),
    (sound + #", "d": "2.safetensors""#, "it is not in '2.safetensors'"),
    (#""c": "1.safetensors", "a": "1.safetensors", "b": "1.safetensors""#, "it is not in"),
    (
      #""c": "2.safetensors", "a": "2.safetensors", "b": "1.safetensors""#,
      "the index says '2.safetensors'"
    ),
    (sound + #", "d": "3.safetensors", "e": "4.safetensors""#, "2 of 4 files are missing"),
    (#""a": "../1.safetensors""#, "'../1.safetensors', which is no file's name"),
    (#""a": "/etc/passwd""#, "'/etc/passwd'"), (#""a": """#, "'', which is no file's name"),
    (#""a": "..""#, "'..'"), (#""a": ".""#, "'.'"), (#""a": "a\u0000b""#, "no file's name"),
    (#""a": "\u001b[2J""#, "missing"), (#""a": 1"#, "weight_map"), (#""a": null"#, "weight_map"),
  ]

  @Test(arguments: contradictions)
  func anIndexThatDoesNotFitIsRefused(map: String, sign: String) throws {
    try withShards(Self.index(map)) { path in
      let error = try #require(throws: ArrayFileError.self) {
        try WeightsIndex(contentsOf: path)
      }
      #expect(error.description.contains(sign), "\(error)")
      #expect(!error.description.contains("\u{1b}"))
    }
  }

  @Test(arguments: ["", "[]", "{}", "{\"weight_map\": []}", "{\"weight_map\": {\"a\""])
  func whatIsNoIndexIsRefused(text: String) throws {
    try withShards(text) { path in
      let error = try #require(throws: ArrayFileError.self) { try WeightsFile(contentsOf: path) }
      #expect(error.problem.contains("it is no index"), "\(error)")
    }
  }

  @Test func aShardThatIsDamagedIsNamed() throws {
    try withShards(Self.index(Self.sound)) { path in
      let shard = SystemPath.parent(of: path) + "/2.safetensors"
      try overwrite(shard, Array(bytes(of: shard).dropLast()))
      let error = try #require(throws: ArrayFileError.self) { try WeightsFile(contentsOf: path) }
      #expect(error.file == shard)
    }
  }

  @Test func theFirstBytesSayWhichFormat() throws {
    try withTemporaryDirectory { directory in
      func tensors(_ name: String, _ bytes: [UInt8], at keys: [String] = []) throws -> [String] {
        let path = directory + "/" + name
        try overwrite(path, bytes)
        return try WeightsFile(contentsOf: path, at: keys).tensors.map(\.name)
      }
      let tree = try PyTorchFixtures.file("tree, zip")
      let legacy = try PyTorchFixtures.file("state dict, legacy")
      let encoded = try SafetensorsFile.encoded([tensor("a", [1])])
      for name in ["w.pth", "w.bin", "w.safetensors", "w"] {
        #expect(try tensors(name, encoded) == ["a"])
        #expect(try tensors(name, tree, at: ["optimizer", "state"]) == ["0.step"])
        #expect(try tensors(name, legacy).first == "0.weight")
      }
      for (name, sign) in [("w.pth", "it begins with"), ("w.safetensors", "too few")] {
        let error = try #require(throws: ArrayFileError.self) { try tensors(name, [1, 2, 3]) }
        #expect(error.problem.contains(sign), "\(error)")
      }
      #expect(throws: ArrayFileError.self) { try WeightsFile(contentsOf: directory + "/absent") }
    }
  }
}
