import Kernels
import TestSupport
import Testing

@Suite struct LossesTests {
  @Test(arguments: [0, 1, 17, 16_384, 16_385, 70_001])
  func squaredErrorMatchesTheReference(count: Int) {
    var numbers = TestNumbers(seed: 9)
    let x = numbers.tensor([count])
    let target = numbers.tensor([count])
    let expected = LossesReference.squaredError(x.doubles, target.doubles)
    expectClose(
      [squaredError(x.buffer, target.buffer)], [expected], tolerance: 1e-7, "count \(count)")
  }

  @Test(arguments: [0, 1, 17, 16_384, 16_385, 70_001])
  func sumsAndHingesMatchTheReference(count: Int) {
    var numbers = TestNumbers(seed: 12)
    let x = numbers.tensor([count], in: -2..<3)
    let total = x.doubles.reduce(0, +)
    expectClose([sum(of: x.buffer)], [total], tolerance: 1e-10, "sum of \(count)")
    for sign in [Float(1), -1] {
      let expected = LossesReference.hinge(x.doubles, sign: Double(sign))
      expectClose([hinge(x.buffer, sign: sign)], [expected], tolerance: 1e-7, "hinge of \(count)")
    }
  }

  @Test func resultsDoNotDependOnTheThreadCount() {
    var numbers = TestNumbers(seed: 10)
    let x = numbers.tensor([300, 501])
    let y = numbers.tensor([300, 501])
    let targets = Buffer(.int32, count: 300)
    targets.copy(from: (0..<300).map { Int32($0 * 7 % 501) })
    let results = onThreadCounts([1, 2, 3]) {
      let entropy = CrossEntropy(x.buffer, targets: targets, vocabularySize: 501)
      let gradient = Buffer(.float32, count: x.count)
      entropy.backward(into: gradient, isAdding: false, factor: 0.5)
      return (
        [
          squaredError(x.buffer, y.buffer), entropy.total, sum(of: x.buffer),
          hinge(x.buffer, sign: -1),
        ], gradient.array(of: Float.self)
      )
    }
    for result in results {
      #expect(result.0 == results[0].0)
      #expect(result.1 == results[0].1)
    }
  }

  @Test func gradientsAreAddedWhenAsked() {
    var numbers = TestNumbers(seed: 11)
    let logits = numbers.tensor([3, 33])
    let before = numbers.tensor([3, 33])
    let targets = Buffer(.int32, count: 3)
    targets.copy(from: [Int32(0), 32, 7])
    let entropy = CrossEntropy(logits.buffer, targets: targets, vocabularySize: 33)
    let written = Buffer(.float32, count: 99)
    entropy.backward(into: written, isAdding: false, factor: 2)
    let added = Buffer(.float32, count: 99)
    added.copy(from: before.buffer)
    entropy.backward(into: added, isAdding: true, factor: 2)
    expectClose(
      added.array(of: Float.self).map(Double.init),
      sums(before.array(), written.array()).map(Double.init), tolerance: 1e-7, "logits")
    scaledDifference(into: written, isAdding: false, logits.buffer, before.buffer, factor: 3)
    added.copy(from: before.buffer)
    scaledDifference(into: added, isAdding: true, logits.buffer, before.buffer, factor: 3)
    expectClose(
      added.array(of: Float.self).map(Double.init),
      sums(before.array(), written.array()).map(Double.init), tolerance: 1e-7, "difference")
  }

  @Test func aTargetOutsideTheVocabularyStopsTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let targets = Buffer(.int32, count: 1)
      targets.copy(from: [Int32(4)])
      let logits = Buffer(.float32, count: 4)
      fill(logits, with: 0)
      _ = CrossEntropy(logits, targets: targets, vocabularySize: 4)
    }
  }
}
