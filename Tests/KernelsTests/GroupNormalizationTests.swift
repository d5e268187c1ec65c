import Kernels
import Tensors
import TestSupport
import Testing

@Suite struct GroupNormalizationTests {
  private func normalize(
    _ x: Tensor, weight: Tensor, bias: Tensor, groupCount: Int, appliesSiLU: Bool
  ) -> Tensor {
    let shape = ImageShape(
      batchSize: x.shape[0], height: x.shape[1], width: x.shape[2], channelCount: x.shape[3])
    let y = Tensor(uninitialized: x.shape)
    _ = GroupNormalization(
      shape: shape, groupCount: groupCount, epsilon: 1e-6, appliesSiLU: appliesSiLU
    ).forward(into: y.buffer, x.buffer, weight: weight.buffer, bias: bias.buffer)
    return y
  }

  /// Many chunks of pixels, which end within a sample.
  @Test(arguments: [[2, 33, 31, 48], [1, 80, 61, 7], [5, 16, 16, 128]], [false, true])
  func largeImagesMatchTheReference(shape: [Int], appliesSiLU: Bool) {
    var numbers = TestNumbers(seed: 1)
    let groupCount = shape[3] % 16 == 0 ? 16 : 7
    let x = numbers.tensor(shape, in: -2..<3)
    let (weight, bias) = (numbers.tensor([shape[3]]), numbers.tensor([shape[3]]))
    let y = normalize(
      x, weight: weight, bias: bias, groupCount: groupCount, appliesSiLU: appliesSiLU)
    let expected = GroupNormalizationReference.forward(
      x.doubles, weight: weight.doubles, bias: bias.doubles, pixelCount: shape[1] * shape[2],
      groupCount: groupCount, epsilon: 1e-6, appliesSiLU: appliesSiLU)
    expectClose(y.doubles, expected, tolerance: 1e-6, "\(shape), SiLU \(appliesSiLU)")
  }

  /// The law: adding a constant changes nothing, even one that dwarfs the deviation.
  @Test func aLargeMeanCostsNoDigits() {
    var numbers = TestNumbers(seed: 2)
    let centered = Tensor(
      (0..<2 * 40 * 40 * 8).map { _ in Float(Int(numbers.number(in: -64..<64))) / 64 },
      shape: [2, 40, 40, 8])
    let shifted = Tensor(centered.array(of: Float.self).map { $0 + 4096 }, shape: centered.shape)
    let (weight, bias) = (
      Tensor(repeating: 1, shape: [8]), Tensor(repeating: 0, shape: [8])
    )
    let a = normalize(centered, weight: weight, bias: bias, groupCount: 4, appliesSiLU: false)
    let b = normalize(shifted, weight: weight, bias: bias, groupCount: 4, appliesSiLU: false)
    expectClose(b.doubles, a.doubles, tolerance: 1e-3, "shifted by 4096")
  }

  @Test func bitsDoNotDependOnTheThreadCount() {
    var numbers = TestNumbers(seed: 3)
    let shape = ImageShape(batchSize: 3, height: 33, width: 31, channelCount: 24)
    let normalization = GroupNormalization(
      shape: shape, groupCount: 6, epsilon: 1e-6, appliesSiLU: true)
    let (x, dy) = (numbers.tensor([shape.elementCount]), numbers.tensor([shape.elementCount]))
    let (weight, bias) = (numbers.tensor([24]), numbers.tensor([24]))
    let results = onThreadCounts([1, 2, 3]) {
      let (y, dx) = (Buffer(.float32, count: x.count), Buffer(.float32, count: x.count))
      let (dWeight, dBias) = (Buffer(.float32, count: 24), Buffer(.float32, count: 24))
      let statistics = normalization.forward(
        into: y, x.buffer, weight: weight.buffer, bias: bias.buffer)
      normalization.backward(
        dx: (dx, false), dWeight: (dWeight, false), dBias: (dBias, false), dy.buffer, x.buffer,
        weight: weight.buffer, bias: bias.buffer, statistics: statistics)
      return [y, dx, dWeight, dBias].map { $0.array(of: Float.self) }
    }
    for result in results { #expect(result == results[0]) }
  }
}
