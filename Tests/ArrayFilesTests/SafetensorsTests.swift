import ArrayFiles
import Foundation
import TestSupport
import Testing

// From safetensors 0.8.0 with NumPy 2.4.6:
//   safetensors.numpy.save({'b': np.float16([1.5, -0.25]), 'a': np.arange(3, dtype='int64'),
//                           'c.weight': np.float32([[1, 2], [3, 4]])}, metadata={'format': 'pt'})
private let reference =
  "0AAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJhIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUi"
  + "OlszXSwiZGF0YV9vZmZzZXRzIjpbMCwyNF19LCJjLndlaWdodCI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMiwy"
  + "XSwiZGF0YV9vZmZzZXRzIjpbMjQsNDBdfSwiYiI6eyJkdHlwZSI6IkYxNiIsInNoYXBlIjpbMl0sImRhdGFfb2Zm"
  + "c2V0cyI6WzQwLDQ0XX19ICAgAAAAAAAAAAABAAAAAAAAAAIAAAAAAAAAAACAPwAAAEAAAEBAAACAQAA+ALQ="

@Suite("Safetensors")
struct SafetensorsTests {
  @Test func readsWhatSafetensorsWrites() throws {
    let file = try SafetensorsFile(decoding: fixture(reference), name: "fixture")
    #expect(file.metadata == ["format": "pt"])
    #expect(file.names == ["a", "c.weight", "b"])
    #expect(try file.tensor("c.weight").shape == [2, 2])
    #expect(try file.tensor("c.weight").floats() == [1, 2, 3, 4])
    #expect(try file.tensor("b").elementType == .float16)
    #expect(try file.tensor("b").floats() == [1.5, -0.25])
    #expect(try file.tensor("a").int64s() == [0, 1, 2])
    #expect(file.hasTensor("a") && !file.hasTensor("d"))
    #expect(throws: ArrayFileError.self) { try file.tensor("d") }
    #expect(throws: ArrayFileError.self) { try file.tensor("a").floats() }
    #expect(throws: ArrayFileError.self) { try file.tensor("b").int64s() }
  }

  @Test func writesWhatSafetensorsWrites() throws {
    let tensors = [
      SafetensorsTensor("c.weight", [Float](arrayLiteral: 1, 2, 3, 4), shape: [2, 2]),
      SafetensorsTensor(
        "b", bytes: [0x00, 0x3e, 0x00, 0xb4], elementType: .float16, shape: [2]),
      SafetensorsTensor("a", [Int64](0..<3)),
    ]
    #expect(
      try SafetensorsFile.encoded(tensors, metadata: ["format": "pt"]) == fixture(reference))
  }

  @Test func roundTrip() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/model.safetensors"
      let tensors = [
        SafetensorsTensor("scalar", [Float(3)], shape: []),
        SafetensorsTensor("empty", [Float](), shape: [0, 4]),
        SafetensorsTensor("bytes", [UInt8(255), 0, 7]),
        SafetensorsTensor("integers", [Int32(-1), 2]),
        SafetensorsTensor(
          "half", bytes: [0x80, 0x3f, 0x49, 0xc0], elementType: .bfloat16, shape: [2]),
        SafetensorsTensor("wörter/\"x\"", [Int64.min]),
      ]
      let metadata = ["b": "2\n", "a": "ö"]
      try SafetensorsFile.write(tensors, metadata: metadata, to: path)
      let file = try SafetensorsFile(contentsOf: path)
      #expect(file.metadata == metadata)
      #expect(try file.tensor("scalar").elements() == [Float(3)])
      #expect(try file.tensor("scalar").shape == [])
      #expect(try file.tensor("empty").shape == [0, 4])
      #expect(try file.tensor("empty").floats() == [])
      #expect(try file.tensor("bytes").int64s() == [255, 0, 7])
      #expect(try file.tensor("integers").int64s() == [-1, 2])
      #expect(try file.tensor("half").floats() == [1, -3.140625])
      #expect(try file.tensor("wörter/\"x\"").int64s() == [.min])
      let content = try bytes(of: path)
      #expect(content[0] % 8 == 0)
      #expect(
        try SafetensorsFile.encoded(tensors.reversed(), metadata: metadata) == content)
    }
  }

  /// A file of a header and so many bytes of data.
  private func file(_ header: String, dataSize: Int) -> [UInt8] {
    let size = UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + Array(header.utf8)
      + [UInt8](repeating: 0, count: dataSize)
  }

  @Test(arguments: [
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#, 4, "header"),
    (#"[1]"#, 0, "'{'"),
    (#" {}"#, 0, "'{'"),
    (#"{"a":1}"#, 0, "'a'"),
    (#"{"__metadata__":{"a":1}}"#, 0, "__metadata__"),
    (#"{"a":{"shape":[1],"data_offsets":[0,4]}}"#, 4, "dtype"),
    (#"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, 4, "header"),
    (#"{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,4]}}"#, 4, "'F4'"),
    (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "negative"),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}"#, 4, "memory"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}"#, 4, "2"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "do not lie"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4, "inside"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, "do not lie"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "needs 8"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "nothing is said"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 5, "follow"),
    (#"{}"#, 1, "follow"),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
        + #""b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4, "inside"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
        + #""b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}"#, 12, "nothing is said"
    ),
  ])
  func malformedHeaders(header: String, dataSize: Int, sign: String) throws {
    let error = try #require(throws: ArrayFileError.self) {
      try SafetensorsFile(decoding: file(header, dataSize: dataSize), name: "bad.safetensors")
    }
    #expect(error.problem.contains(sign), "\(error)")
    #expect(error.description.contains("bad.safetensors"))
  }

  @Test func cutOffAnywhere() throws {
    let bytes = try fixture(reference)
    for count in 0..<bytes.count {
      #expect(throws: ArrayFileError.self, "\(count) bytes") {
        try SafetensorsFile(decoding: Array(bytes.prefix(count)), name: "cut")
      }
    }
    // A length that would exhaust memory.
    #expect(throws: ArrayFileError.self) {
      try SafetensorsFile(decoding: [UInt8](repeating: 255, count: 64), name: "length")
    }
    #expect(throws: FileError.self) { try SafetensorsFile(contentsOf: "/absent.safetensors") }
  }

  @Test func anEmptyFileAndAFolder() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/empty"
      try overwrite(path, [])
      #expect(throws: ArrayFileError.self) { try SafetensorsFile(contentsOf: path) }
      #expect(throws: ArrayFileError.self) { try NumPyArray(contentsOf: path) }
      #expect(throws: FileError.self) { try SafetensorsFile(contentsOf: directory) }
    }
  }

  @Test func theSameNameTwice() async {
    await #expect(processExitsWith: .failure) {
      let tensor = SafetensorsTensor("x", [Float(1)])
      _ = try SafetensorsFile.encoded([tensor, tensor])
    }
  }
}
