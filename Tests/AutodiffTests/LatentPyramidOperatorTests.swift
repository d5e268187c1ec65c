import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct LatentPyramidOperatorTests {
  private static let grids = [
    (rows: 1, columns: 1), (rows: 1, columns: 2), (rows: 2, columns: 2), (rows: 2, columns: 4),
    (rows: 4, columns: 4), (rows: 4, columns: 8), (rows: 8, columns: 8), (rows: 8, columns: 16),
  ]

  /// Sizes that levels divide, that they do not, and levels finer than the image.
  @Test(arguments: [
    ([1, 1, 1, 1], 1), ([2, 4, 4, 3], 4), ([1, 3, 5, 2], 4), ([2, 5, 3, 17], 3),
    ([1, 2, 2, 33], 6),
    ([1, 7, 6, 1], 8),
  ])
  func matchesTheReference(shape: [Int], levelCount: Int) {
    var numbers = TestNumbers(seed: 1)
    let grids = Array(Self.grids.prefix(levelCount))
    for isResidual in [true, false] {
      checkOperator(
        [numbers.tensor(shape)], "latentPyramid \(shape), \(levelCount), \(isResidual)",
        reference: {
          LatentPyramidReference.pyramid(
            $0[0], batchCount: shape[0], rows: shape[1], columns: shape[2], grids: grids,
            channelCount: shape[3], isResidual: isResidual)
        },
        operation: { latentPyramid($1[0], grids: grids, isResidual: isResidual) })
    }
  }

  @Test func thePublishedSizeMatchesTheReference() {
    var numbers = TestNumbers(seed: 2)
    let x = numbers.tensor([2, 16, 16, 72])
    for isResidual in [true, false] {
      let y = latentPyramid(
        Variable(constant: x, on: Tape(isRecording: false)), grids: Self.grids,
        isResidual: isResidual)
      #expect(y.shape == [2, 255, 72])
      let expected = LatentPyramidReference.pyramid(
        x.doubles, batchCount: 2, rows: 16, columns: 16, grids: Self.grids, channelCount: 72,
        isResidual: isResidual)
      expectClose(y.value.doubles, expected, tolerance: 2e-6, "residual \(isResidual)")
    }
  }

  /// ⟨P x, w⟩ = ⟨x, Pᵀ w⟩ at a size that central differences cannot cover.
  @Test func thePullbackIsTheTransposedMap() {
    var numbers = TestNumbers(seed: 3)
    let tape = Tape(isRecording: true)
    let x = Variable(input: numbers.tensor([2, 16, 16, 40]), on: tape)
    let y = latentPyramid(x, grids: Self.grids, isResidual: true)
    let weights = numbers.tensor(y.shape)
    tape.backward(from: weightedTotal(y, weights))
    let left = zip(y.value.doubles, weights.doubles).reduce(0) { $0 + $1.0 * $1.1 }
    let gradient = x.adjoint?.gradient?.doubles ?? []
    let right = zip(x.value.doubles, gradient).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(left - right) < 1e-4 * max(1, abs(left)))
  }

  /// The levels' residual tokens, upsampled and added up, give the image back once a level is as fine.
  @Test func residualTokensAddUpToTheImage() {
    var numbers = TestNumbers(seed: 4)
    let x = numbers.tensor([1, 4, 4, 5])
    let grids = Array(Self.grids.prefix(5))
    let tokens = latentPyramid(
      Variable(constant: x, on: Tape(isRecording: false)), grids: grids, isResidual: true
    ).value.doubles
    var sum = [Double](repeating: 0, count: x.count)
    var offset = 0
    for grid in grids {
      for row in 0..<4 {
        for column in 0..<4 {
          let token = offset + row * grid.rows / 4 * grid.columns + column * grid.columns / 4
          for c in 0..<5 { sum[(row * 4 + column) * 5 + c] += tokens[token * 5 + c] }
        }
      }
      offset += grid.rows * grid.columns
    }
    expectClose(sum, x.doubles, tolerance: 1e-6, "sum of the levels")
  }

  @Test func gradientsAddToOthers() {
    var numbers = TestNumbers(seed: 5)
    let grids = Array(Self.grids.prefix(3))
    checkOperator(
      [numbers.tensor([2, 3, 3, 4])], "used twice",
      reference: { inputs in
        let parts = [true, false].map {
          LatentPyramidReference.pyramid(
            inputs[0], batchCount: 2, rows: 3, columns: 3, grids: grids, channelCount: 4,
            isResidual: $0)
        }
        return TokensReference.concatenate(
          parts, batchCount: 2, tokenCounts: [7, 7], channelCount: 4)
      },
      operation: { _, inputs in
        concatenateTokens(
          [true, false].map { latentPyramid(inputs[0], grids: grids, isResidual: $0) })
      })
  }

  @Test func imagesWithoutAnAxisStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let x = Variable(
        constant: Tensor(repeating: 0, shape: [4, 4, 3]), on: Tape(isRecording: false))
      _ = latentPyramid(x, grids: [(1, 1)], isResidual: true)
    }
  }
}
