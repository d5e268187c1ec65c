import ArrayFiles
import Autodiff
import Checkpoints
import Tensors
import TestSupport
import Testing

@Suite("Published weights: safetensors and the arena")
struct PublishedWeightsTests {
  @Test func aConvolutionIsPublishedWithItsInputsBeforeItsKernel() throws {
    let arena = makeArena()
    let layouts = ParameterLayout.layouts(of: arena)
    #expect(layouts.map(\.name) == ["conv.weight", "map.weight", "norm.bias"])
    #expect(layouts.map(\.publishedShape) == [[2, 3, 1, 2], [3, 4, 1, 1], [17]])
    let published = layouts[0].published(arena.values)
    #expect(published.shape == [2, 3, 1, 2])
    #expect(published.array(of: Float.self) == publishedConvolution)
    #expect(layouts[1].published(arena.values).array(of: Float.self) == (12..<24).map(Float.init))
    let other = Tensor(repeating: 7, shape: [arena.count])
    layouts[0].store(published, into: other)
    #expect(other.array(of: Float.self)[..<12] == arena.values.array(of: Float.self)[..<12])
    #expect(other.array(of: Float.self)[12...].allSatisfy { $0 == 7 })
  }

  @Test func aTensorOfAnotherShapeIsNotStored() async {
    await #expect(processExitsWith: .failure) {
      let arena = makeArena()
      ParameterLayout.layouts(of: arena)[0]
        .store(Tensor(repeating: 0, shape: [2, 1, 2, 3]), into: arena.values)
    }
  }

  @Test func roundTripIsBitIdentical() throws {
    try withTemporaryDirectory { directory in
      let (path, written) = (directory + "/model.safetensors", makeArena(first: 0.1))
      written.values.buffer[0..<3].copy(
        from: [-0.0, -.greatestFiniteMagnitude, .leastNonzeroMagnitude] as [Float])
      try PublishedWeights.write(
        written.values, layouts: ParameterLayout.layouts(of: written), to: path)
      let file = try SafetensorsFile(contentsOf: path)
      #expect(file.metadata == ["format": "pt"])
      #expect(try file.tensor("map.weight").shape == [3, 4, 1, 1])
      #expect(try file.tensor("conv.weight").shape == [2, 3, 1, 2])
      let read = makeArena(first: 50)
      _ = try PublishedWeights.read(path, into: read)
      #expect(bits(read.values) == bits(written.values))
    }
  }

  @Test func namesOfCompiledModelsAndFrozenNetworks() throws {
    try reading([
      SafetensorsTensor("_orig_mod.conv.weight", publishedConvolution, shape: [2, 3, 1, 2]),
      SafetensorsTensor("map.weight", (12..<24).map(Float.init), shape: [3, 4, 1, 1]),
      SafetensorsTensor("_orig_mod.norm.bias", (24..<41).map(Float.init)),
      SafetensorsTensor("foundation_model.blocks.0.weight", [Int64(1)]),
      SafetensorsTensor("_orig_mod.foundation_model.cls", [Float(1)]),
    ]) { path in
      let arena = makeArena(first: 9)
      _ = try PublishedWeights.read(path, into: arena)
      #expect(bits(arena.values) == bits(makeArena().values))
    }
  }

  @Test func halfPrecisionIsWidened() throws {
    // 1, 2, … in the upper halves of the float32 patterns: bfloat16, little-endian.
    let bytes = (1...17).flatMap { value -> [UInt8] in
      let pattern = Float(value).bitPattern >> 16
      return [UInt8(pattern & 0xff), UInt8(pattern >> 8)]
    }
    try reading([
      SafetensorsTensor("conv.weight", publishedConvolution, shape: [2, 3, 1, 2]),
      SafetensorsTensor("map.weight", (12..<24).map(Float.init), shape: [3, 4, 1, 1]),
      SafetensorsTensor("norm.bias", bytes: bytes, elementType: .bfloat16, shape: [17]),
    ]) { path in
      let arena = makeArena()
      _ = try PublishedWeights.read(path, into: arena)
      #expect(
        try #require(arena["norm.bias"]).value.array(of: Float.self) == (1...17).map(Float.init))
    }
  }

  @Test func everythingThatIsWrongIsListedAndNothingIsRead() throws {
    try reading([
      SafetensorsTensor("conv.weight", publishedConvolution, shape: [2, 1, 2, 3]),
      SafetensorsTensor("_orig_mod.conv.weight", publishedConvolution, shape: [2, 3, 1, 2]),
      SafetensorsTensor("map.weight", [Int32](0..<12), shape: [3, 4, 1, 1]),
      SafetensorsTensor("norm.scale", [Float](repeating: 0, count: 17)),
      SafetensorsTensor("another", [Float(0)]),
    ]) { path in
      let arena = makeArena()
      let before = bits(arena.values)
      let error = try #require(throws: WeightMismatch.self) {
        _ = try PublishedWeights.read(path, into: arena)
      }
      #expect(error.path == path)
      #expect(error.missing == ["norm.bias"])
      // The convolution is there under two names; the second one in the file is taken for extra.
      #expect(error.extra.filter { $0.hasSuffix("conv.weight") }.count == 1)
      #expect(error.extra.filter { !$0.hasSuffix("conv.weight") } == ["another", "norm.scale"])
      #expect(error.elementTypes == [.init(name: "map.weight", found: "int32")])
      #expect(error.description.contains(path))
      for text in [
        "missing: norm.bias", "not in the model: another", "not in the model: norm.scale",
        "map.weight: elements of type int32", "Give the configuration",
      ] { #expect(error.description.contains(text), "\(text)") }
      #expect(bits(arena.values) == before)
    }
  }

  @Test func aShapeThatDiffersOnlyInItsOrderIsRefused() throws {
    try reading([
      SafetensorsTensor("conv.weight", publishedConvolution, shape: [2, 1, 2, 3]),
      SafetensorsTensor("map.weight", (12..<24).map(Float.init), shape: [3, 4]),
      SafetensorsTensor("norm.bias", (24..<41).map(Float.init)),
    ]) { path in
      let error = try #require(throws: WeightMismatch.self) {
        _ = try PublishedWeights.read(path, into: makeArena())
      }
      #expect(
        error.shapes == [
          .init(name: "conv.weight", expected: [2, 3, 1, 2], found: [2, 1, 2, 3]),
          .init(name: "map.weight", expected: [3, 4, 1, 1], found: [3, 4]),
        ])
      #expect(error.missing.isEmpty && error.extra.isEmpty && error.elementTypes.isEmpty)
      #expect(error.description.contains("map.weight: shape [3, 4], [3, 4, 1, 1] expected"))
    }
  }

  @Test func filesThatCannotBeReadOrWritten() throws {
    try withTemporaryDirectory { directory in
      let (path, arena) = (directory + "/x.safetensors", makeArena())
      #expect(throws: ArrayFileError.self) { _ = try PublishedWeights.read(path, into: arena) }
      try overwrite(path, [1, 2, 3])
      #expect(throws: ArrayFileError.self) { _ = try PublishedWeights.read(path, into: arena) }
      #expect(throws: FileError.self) {
        try PublishedWeights.write(
          arena.values, layouts: ParameterLayout.layouts(of: arena),
          to: directory + "/nowhere/x.safetensors")
      }
    }
  }

  /// Runs `body` with the path of a file of these tensors.
  private func reading(
    _ tensors: [SafetensorsTensor], _ body: (_ path: String) throws -> Void
  ) throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/model.safetensors"
      try SafetensorsFile.write(tensors, to: path)
      try body(path)
    }
  }
}
