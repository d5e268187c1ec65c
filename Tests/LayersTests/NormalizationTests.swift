import Autodiff
import Kernels
import Layers
import Tensors
import TestSupport
import Testing

@Suite struct NormalizationTests {
  @Test(arguments: [[1, 2], [3, 7], [2, 3, 17]])
  func layerNormMatchesTheReference(shape: [Int]) {
    let arena = ParameterArena()
    let layer = LayerNorm(
      channelCount: shape[shape.count - 1], epsilon: 0.01, in: ParameterScope(arena))
    var numbers = TestNumbers(seed: 1)
    checkLayer(
      in: arena, [numbers.tensor(shape, in: -2..<2)], "layerNorm \(shape)",
      reference: { inputs, parameters in
        NormalizationReference.layerNorm(
          inputs[0], weight: parameters["weight"] ?? [], bias: parameters["bias"] ?? [],
          epsilon: 0.01)
      },
      layer: { layer($1[0]) })
  }

  @Test(arguments: [[1, 2], [3, 7], [2, 3, 17]])
  func rmsNormMatchesTheReference(shape: [Int]) {
    let arena = ParameterArena()
    let layer = RMSNorm(
      channelCount: shape[shape.count - 1], epsilon: 0.01, in: ParameterScope(arena))
    var numbers = TestNumbers(seed: 2)
    checkLayer(
      in: arena, [numbers.tensor(shape, in: -2..<2)], "rmsNorm \(shape)",
      reference: { inputs, parameters in
        NormalizationReference.rmsNorm(
          inputs[0], weight: parameters["weight"] ?? [], epsilon: 0.01)
      },
      layer: { layer($1[0]) })
  }

  @Test(arguments: [([1, 1, 2, 2], 1), ([2, 3, 1, 6], 3), ([1, 2, 5, 17], 17)])
  func groupNormMatchesTheReference(shape: [Int], groupCount: Int) {
    let arena = ParameterArena()
    let layer = GroupNorm(
      channelCount: shape[3], groupCount: groupCount, epsilon: 0.01, in: ParameterScope(arena))
    var numbers = TestNumbers(seed: 3)
    checkLayer(
      in: arena, [numbers.tensor(shape, in: -2..<2)], gradientTolerance: 1e-4,
      "groupNorm \(shape), \(groupCount) groups",
      reference: { inputs, parameters in
        GroupNormalizationReference.forward(
          inputs[0], weight: parameters["weight"] ?? [], bias: parameters["bias"] ?? [],
          pixelCount: shape[1] * shape[2], groupCount: groupCount, epsilon: 0.01,
          appliesSiLU: true)
      },
      layer: { layer($1[0]) })
  }

  /// A new layer normalises only: mean 0 and mean square 1 of each row.
  @Test func aNewNormLeavesTheNormalisedRow() {
    let arena = ParameterArena()
    let scope = ParameterScope(arena)
    let layerNorm = LayerNorm(channelCount: 64, in: scope["layer"])
    let rmsNorm = RMSNorm(channelCount: 64, in: scope["rms"])
    arena.allocate(forTraining: false)
    arena.initialize(seed: 1)
    var numbers = TestNumbers(seed: 4)
    let tape = Tape(isRecording: false)
    let x = Variable(constant: numbers.tensor([3, 64], in: 1..<9), on: tape)
    for (y, mean) in [(layerNorm(x), 0.0), (rmsNorm(x), nil)] {
      for row in 0..<3 {
        let values = y.value.slice(row..<row + 1).doubles
        let square = values.reduce(0) { $0 + $1 * $1 } / 64
        #expect(abs(square - 1) < 1e-4)
        if let mean { #expect(abs(values.reduce(0, +) / 64 - mean) < 1e-6) }
      }
    }
  }

  @Test func groupsThatDoNotDivideTheChannelsStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      _ = GroupNorm(channelCount: 6, groupCount: 4, in: ParameterScope(ParameterArena()))
    }
  }
}
