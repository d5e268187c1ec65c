import Kernels
import TestSupport
import Testing

@Suite struct NormalizationTests {
  @Test func resultsDoNotDependOnTheThreadCount() {
    var numbers = TestNumbers(seed: 1)
    let (rowCount, width) = (1001, 67)
    let x = numbers.tensor([rowCount, width]).buffer
    let dy = numbers.tensor([rowCount, width]).buffer
    let weight = numbers.tensor([width]).buffer
    let bias = numbers.tensor([width]).buffer
    let results = onThreadCounts([1, 2, 3]) {
      let outputs = (0..<4).map { _ in Buffer(.float32, count: rowCount * width) }
      let gradients = (0..<3).map { _ in Buffer(.float32, count: width) }
      let statistics = Buffer(.float32, count: 2 * rowCount)
      layerNorm(
        into: outputs[0], statistics: statistics, x, weight: weight, bias: bias, epsilon: 1e-5)
      layerNormGradient(
        into: outputs[1], weight: gradients[0], bias: gradients[1], isAdding: (false, false), dy,
        x, statistics: statistics, weight: weight)
      rmsNorm(
        into: outputs[2], statistics: statistics[0..<rowCount], x, weight: weight, epsilon: 1e-5)
      rmsNormGradient(
        into: outputs[3], weight: gradients[2], isAdding: false, dy, x,
        statistics: statistics[0..<rowCount], weight: weight)
      return (outputs + gradients).map { $0.array(of: Float.self) }
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }

  @Test func parameterGradientsAreAddedWhenAsked() {
    var numbers = TestNumbers(seed: 2)
    let x = numbers.tensor([5, 3]).buffer
    let dy = numbers.tensor([5, 3]).buffer
    let weight = numbers.tensor([3]).buffer
    let before = numbers.tensor([3])
    let y = Buffer(.float32, count: 15)
    let statistics = Buffer(.float32, count: 10)
    let written = [Buffer(.float32, count: 3), Buffer(.float32, count: 3)]
    let added = [Buffer(.float32, count: 3), Buffer(.float32, count: 3)]
    layerNorm(into: y, statistics: statistics, x, weight: weight, bias: weight, epsilon: 1e-5)
    for (target, isAdding) in [(written, false), (added, true)] {
      for buffer in target { buffer.copy(from: before.buffer) }
      layerNormGradient(
        into: y, weight: target[0], bias: target[1], isAdding: (isAdding, isAdding), dy, x,
        statistics: statistics, weight: weight)
    }
    for (sum, part) in zip(added, written) {
      expectClose(
        sum.array(of: Float.self).map(Double.init),
        sums(before.array(), part.array()).map(Double.init), tolerance: 1e-6, "layerNorm")
    }
    rmsNorm(into: y, statistics: statistics[0..<5], x, weight: weight, epsilon: 1e-5)
    for (target, isAdding) in [(written[0], false), (added[0], true)] {
      target.copy(from: before.buffer)
      rmsNormGradient(
        into: y, weight: target, isAdding: isAdding, dy, x, statistics: statistics[0..<5],
        weight: weight)
    }
    expectClose(
      added[0].array(of: Float.self).map(Double.init),
      sums(before.array(), written[0].array()).map(Double.init), tolerance: 1e-6, "rmsNorm")
  }

  @Test func countsThatDoNotMatchStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let x = Buffer(.float32, count: 10)
      let weight = Buffer(.float32, count: 4)
      rmsNorm(
        into: x, statistics: Buffer(.float32, count: 2), x, weight: weight, epsilon: 1e-5)
    }
  }
}
