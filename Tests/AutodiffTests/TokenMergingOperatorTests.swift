import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct TokenMergingOperatorTests {
  private static let kinds = [(true, true), (true, false), (false, true), (false, false)]

  @Test(arguments: [([1, 2, 1], 2), ([2, 7, 3], 4), ([3, 4, 17], 4), ([1, 5, 33], 0)])
  func matchesTheReference(shape: [Int], leadingCount: Int) {
    var numbers = TestNumbers(seed: 1)
    for (isAverage, isResidual) in Self.kinds {
      let merge = TokenMerge(
        batchCount: shape[0], tokenCount: shape[1], leadingCount: leadingCount,
        channelCount: shape[2], isAverage: isAverage, isResidual: isResidual)
      checkOperator(
        [numbers.tensor(shape)], "mergeTokens \(merge)",
        reference: { TokensReference.merge($0[0], merge) },
        operation: {
          mergeTokens(
            $1[0], leadingCount: leadingCount, isAverage: isAverage, isResidual: isResidual)
        })
    }
  }

  /// The fused operator against slices, a product with 1/2 and concatenation, both ways.
  @Test func equalsItsComposedTwin() {
    var numbers = TestNumbers(seed: 2)
    let (x, weights) = (numbers.tensor([2, 300, 64]), numbers.tensor([2, 428, 64]))
    let results = [true, false].map { isFused -> (value: [Double], gradient: [Double]) in
      let tape = Tape(isRecording: true)
      let variable = Variable(input: x, on: tape)
      let y =
        isFused
        ? mergeTokens(variable, leadingCount: 256, isAverage: true, isResidual: true)
        : composed(variable)
      tape.backward(from: weightedTotal(y, weights))
      return (y.value.doubles, variable.adjoint?.gradient?.doubles ?? [])
    }
    expectClose(results[0].value, results[1].value, tolerance: 1e-6, "value")
    expectClose(results[0].gradient, results[1].gradient, tolerance: 1e-6, "gradient")
  }

  /// [mean of pairs, ± half the difference of pairs, rest]: with pairs as rows of 2C channels.
  private func composed(_ x: Variable) -> Variable {
    let pairs = reshape(sliceTokens(x, 0..<256), to: [256, 2, 64])
    let (first, second) = (sliceTokens(pairs, 0..<1), sliceTokens(pairs, 1..<2))
    let half = { (a: Variable, b: Variable, sign: Float) -> Variable in
      let value = zip(a.value.array(of: Float.self), b.value.array(of: Float.self))
        .map { 0.5 * ($0 + sign * $1) }
      let adjoints = (a.adjoint, b.adjoint)
      return a.tape.record(Tensor(value, shape: a.shape), from: [a, b]) { dy in
        let gradient = dy.array(of: Float.self)
        adjoints.0?.accumulate(Tensor(gradient.map { 0.5 * $0 }, shape: dy.shape))
        adjoints.1?.accumulate(Tensor(gradient.map { 0.5 * sign * $0 }, shape: dy.shape))
      }
    }
    let merged = reshape(half(first, second, 1), to: [2, 128, 64])
    let kept = concatenateTokens([half(first, second, -1), half(second, first, -1)])
    return concatenateTokens([merged, reshape(kept, to: [2, 256, 64]), sliceTokens(x, 256..<300)])
  }

  @Test func gradientsAddToOthers() {
    var numbers = TestNumbers(seed: 3)
    for (isAverage, isResidual) in Self.kinds {
      let merge = TokenMerge(
        batchCount: 2, tokenCount: 5, leadingCount: 4, channelCount: 3, isAverage: isAverage,
        isResidual: isResidual)
      checkOperator(
        [numbers.tensor([2, 5, 3])], "used twice: \(merge)",
        reference: {
          TokensReference.concatenate(
            [$0[0], TokensReference.merge($0[0], merge)], batchCount: 2, tokenCounts: [5, 7],
            channelCount: 3)
        },
        operation: {
          concatenateTokens([
            $1[0],
            mergeTokens($1[0], leadingCount: 4, isAverage: isAverage, isResidual: isResidual),
          ])
        })
    }
  }

  @Test func anOddCountStopsTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let x = Variable(
        constant: Tensor(repeating: 0, shape: [1, 5, 3]), on: Tape(isRecording: false))
      _ = mergeTokens(x, leadingCount: 3, isAverage: true, isResidual: true)
    }
  }
}
