import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct SpectralNormalizationTests {
  /// Vectors, norm and gradient of a weight of many chunks.
  @Test func resultsDoNotDependOnTheThreadCount() {
    var numbers = TestNumbers(seed: 1)
    let (rowCount, columnCount) = (96, 700)
    let weight = numbers.tensor([rowCount, columnCount]).buffer
    let gradient = numbers.tensor([rowCount, columnCount]).buffer
    let start = numbers.tensor([rowCount]).buffer
    let results = onThreadCounts([1, 2, 3]) {
      let (u, v) = (Buffer(.float32, count: rowCount), Buffer(.float32, count: columnCount))
      powerIteration(u: u, v: v, from: start, weight: weight)
      let norm = spectralNorm(of: weight, u: u, v: v)
      let dweight = Buffer(.float32, count: weight.count)
      spectralNormalizationGradient(
        into: dweight, isAdding: false, gradient, weight: weight, u: u, v: v, norm: norm)
      return [
        u.array(of: Float.self), v.array(of: Float.self), dweight.array(of: Float.self), [norm],
      ]
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }

  /// Steps without end lead to the largest singular value: that of a diagonal matrix is known.
  @Test func theIterationFindsTheLargestSingularValue() {
    let diagonal: [Float] = [0.5, -3, 2, 1]
    let weight = Tensor(
      diagonal.indices.flatMap { i in diagonal.indices.map { $0 == i ? diagonal[i] : 0 } },
      shape: [4, 4]
    ).buffer
    let (u, v) = (Tensor(repeating: 1, shape: [4]).buffer, Buffer(.float32, count: 4))
    for _ in 0..<40 { powerIteration(u: u, v: v, from: u, weight: weight) }
    #expect(abs(spectralNorm(of: weight, u: u, v: v) - 3) < 1e-6)
  }

  @Test func theInnerProductIsExactInDoublePrecision() {
    var numbers = TestNumbers(seed: 2)
    let (a, b) = (numbers.tensor([70_001]), numbers.tensor([70_001]))
    let expected = zip(a.doubles, b.doubles).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(innerProduct(a.buffer, b.buffer) - expected) < 1e-10)
    #expect(innerProduct(a.buffer, a.buffer) == squaredNorm(of: a.buffer))
  }

  @Test func vectorsOfAnotherLengthStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      let four = Buffer(.float32, count: 4)
      powerIteration(u: four, v: four, from: four, weight: Buffer(.float32, count: 15))
    }
    await #expect(processExitsWith: .failure) {
      _ = innerProduct(Buffer(.float32, count: 3), Buffer(.float32, count: 4))
    }
  }
}
