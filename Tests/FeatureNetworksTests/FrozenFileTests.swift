import ArrayFiles
import Autodiff
import Checkpoints
import FeatureNetworks
import Tensors
import TestSupport
import Testing

/// Networks read from files.
@Suite struct FrozenFileTests {
  private static let sizes = VisionTransformer.Configuration(
    .mae, width: 64, blockCount: 2, patchSize: 4, positionGridSize: 2)

  /// Writes a network of random weights with other tensors beside them.
  private func write(
    _ network: FrozenNetwork<VisionTransformer>, to path: String, halves: Bool = false,
    changing change: (inout [SafetensorsTensor]) -> Void = { _ in }
  ) throws {
    var tensors = ParameterLayout.layouts(of: network.arena).map { layout in
      let values = layout.published(network.arena.values)
      guard halves else {
        return SafetensorsTensor(
          layout.name, values.array(of: Float.self), shape: layout.publishedShape)
      }
      let bytes = values.array(of: Float.self).flatMap { number in
        let half = Float16(number).bitPattern
        return [UInt8(truncatingIfNeeded: half), UInt8(half >> 8)]
      }
      return SafetensorsTensor(
        layout.name, bytes: bytes, elementType: .float16, shape: layout.publishedShape)
    }
    tensors.append(SafetensorsTensor("head.weight", [Float](repeating: 1, count: 5)))
    change(&tensors)
    try SafetensorsFile.write(tensors, to: path)
  }

  private func read(_ path: String, _ operandType: ElementType) throws
    -> FrozenNetwork<VisionTransformer>
  {
    let file = try WeightsFile(contentsOf: path)
    return try FrozenNetwork(
      file, VisionTransformer.Configuration(of: file, .mae), operandType: operandType)
  }

  private static func random() -> FrozenNetwork<VisionTransformer> {
    FrozenNetwork(seed: 7, operandType: .float32) { VisionTransformer(sizes, in: $0) }
  }

  @Test func weightsAreThoseOfTheFile() throws {
    try withTemporaryDirectory { directory in
      let (path, network) = (directory + "/mae.safetensors", Self.random())
      try write(network, to: path)
      let exact = try read(path, .float32)
      #expect(exact.network.configuration == Self.sizes && exact.path == path)
      #expect(exact.arena.values.array(of: Float.self) == network.arena.values.array())
      let rounded = try read(path, .bfloat16)
      for (weight, other) in zip(
        storedWeights(of: rounded.arena), storedWeights(of: network.arena))
      {
        let expected = Tensor(other.values.map { Float($0) }, shape: [other.values.count])
        #expect(
          weight.values
            == (weight.isOperandAlone ? expected.buffer.rounded.widened : expected.buffer)
            .array(of: Float.self).map(Double.init), "\(weight.name)")
      }
      try write(network, to: path, halves: true)
      let halves = try read(path, .float32).arena.values.array(of: Float.self)
      #expect(halves == network.arena.values.array(of: Float.self).map { Float(Float16($0)) })
    }
  }

  @Test func weightsThatAreNoNumbersAreRefused() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/mae.safetensors"
      try write(Self.random(), to: path) { tensors in
        tensors.removeAll { $0.name == "norm.bias" }
        tensors.append(
          SafetensorsTensor("norm.bias", [Float](repeating: .nan, count: Self.sizes.width)))
      }
      let error = #expect(throws: NotFiniteWeights.self) { _ = try read(path, .bfloat16) }
      #expect(error?.tensor == "norm.bias" && error?.path == path && error?.isForeign == true)
      #expect(error?.description.hasSuffix("download the file again") == true)
    }
  }

  @Test func weightsOfDistancesAreNotNegative() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/lin.safetensors"
      for last: Float in [0, -1e-6] {
        try SafetensorsFile.write(
          [SafetensorsTensor("lin0.model.1.weight", [0.5, last], shape: [1, 2, 1, 1])], to: path)
        let read = {
          try FrozenNetwork(
            perceptualWeights: WeightsFile(contentsOf: path), widths: [2],
            operandType: .float32)
        }
        if last < 0 {
          #expect(throws: ArrayFileError.self) { _ = try read() }
        } else {
          #expect(storedWeights(of: try read().arena).map(\.values) == [[0.5, 0]])
        }
      }
    }
  }
}
