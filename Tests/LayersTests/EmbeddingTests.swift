import Autodiff
import Kernels
import Layers
import Tensors
import TestSupport
import Testing

@Suite struct EmbeddingTests {
  /// Indices that come once, twice and not at all.
  @Test(arguments: [([4], [2, 0, 2, 1]), ([2, 3], [3, 3, 0, 4, 0, 3])])
  func matchesTheReference(shape: [Int], indices: [Int]) {
    let arena = ParameterArena()
    let layer = Embedding(
      count: 5, width: 3, initializer: .constant(0), in: ParameterScope(arena)["table"])
    let tensor = Tensor(indices.map(Int32.init), shape: shape)
    checkLayer(
      in: arena, [], "embedding \(shape)",
      reference: { _, parameters in
        TokensReference.gather(parameters["table.weight"] ?? [], indices: indices, channelCount: 3)
      },
      layer: { tape, _ in
        let y = layer(tensor, on: tape)
        #expect(y.shape == shape + [3])
        return y
      })
  }

  @Test func anIndexBeyondTheTableStopsTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let arena = ParameterArena()
      let layer = Embedding(
        count: 5, width: 3, initializer: .constant(0), in: ParameterScope(arena))
      arena.allocate(forTraining: false)
      _ = layer(Tensor([Int32(5)], shape: [1]), on: Tape(isRecording: false))
    }
  }
}
