import Kernels
import Tensors
import TestSupport
import Testing

/// Passes over bfloat16 buffers: what the same pass over float32 buffers of the same numbers gives, rounded
/// where it is written.
@Suite struct FloatStripesTests {
  /// Rows of so many channels: less than a stripe, several stripes, rows longer than a stripe.
  static let sizes = [(1, 1), (5, 33), (200, 96), (3, 5_000)]

  private let route = BFloat16Route.widened

  /// Numbers that bfloat16 holds exactly, in both types.
  private func operand(_ numbers: inout TestNumbers, _ count: Int) -> (half: Buffer, full: Buffer) {
    let half = numbers.tensor([count]).buffer.rounded
    return (half, half.widened)
  }

  /// Runs `pass` with float32 and with bfloat16 buffers, and compares what it wrote.
  private func expectSame(
    _ count: Int, _ label: String, _ pass: (_ isBFloat16: Bool, _ target: Buffer) -> Void
  ) {
    let (half, full) = (Buffer(.bfloat16, count: count), Buffer(.float32, count: count))
    pass(true, half)
    pass(false, full)
    #expect(
      half.widened.array(of: Float.self) == full.rounded.widened.array(of: Float.self), "\(label)")
  }

  @Test(arguments: sizes)
  func normsOverRows(rowCount: Int, channelCount: Int) {
    var numbers = TestNumbers(seed: 11)
    let count = rowCount * channelCount
    let (x, dy) = (operand(&numbers, count), operand(&numbers, count))
    let (gain, bias) = (
      numbers.tensor([channelCount]).buffer, numbers.tensor([channelCount]).buffer
    )
    let statistics = Buffer(.float32, count: 2 * rowCount)
    expectSame(count, "layerNorm") {
      layerNorm(
        into: $1, statistics: statistics, $0 ? x.half : x.full, weight: gain, bias: bias,
        epsilon: 1e-5)
    }
    var sums: [[Float]] = []
    expectSame(count, "layerNormGradient") {
      let (dgain, dbias) = (
        Buffer(.float32, count: channelCount), Buffer(.float32, count: channelCount)
      )
      layerNormGradient(
        into: $1, weight: dgain, bias: dbias, isAdding: (false, false), $0 ? dy.half : dy.full,
        $0 ? x.half : x.full, statistics: statistics, weight: gain)
      sums.append(dgain.array() + dbias.array())
    }
    expectSame(count, "rmsNorm") {
      rmsNorm(
        into: $1, statistics: statistics[0..<rowCount], $0 ? x.half : x.full, weight: gain,
        epsilon: 1e-5)
    }
    expectSame(count, "rmsNormGradient") {
      let dgain = Buffer(.float32, count: channelCount)
      rmsNormGradient(
        into: $1, weight: dgain, isAdding: false, $0 ? dy.half : dy.full, $0 ? x.half : x.full,
        statistics: statistics[0..<rowCount], weight: gain)
      sums.append(dgain.array())
    }
    #expect(sums[0] == sums[1] && sums[2] == sums[3], "gradients of the parameters")
  }

  @Test(arguments: sizes)
  func activationsAndSums(rowCount: Int, channelCount: Int) {
    var numbers = TestNumbers(seed: 12)
    let count = rowCount * channelCount
    let (x, y, dy) = (
      operand(&numbers, count), operand(&numbers, count), operand(&numbers, count)
    )
    expectSame(count, "gelu") { gelu(into: $1, $0 ? x.half : x.full) }
    expectSame(count, "geluGradient") {
      geluGradient(into: $1, $0 ? dy.half : dy.full, $0 ? x.half : x.full)
    }
    expectSame(count, "siluProduct") {
      siluProduct(into: $1, gate: $0 ? x.half : x.full, value: $0 ? y.half : y.full)
    }
    expectSame(count, "siluProductGradient") {
      let other = Buffer($1.elementType, count: count)
      siluProductGradient(
        gate: $1, value: other, $0 ? dy.half : dy.full, gate: $0 ? x.half : x.full,
        value: $0 ? y.half : y.full)
    }
    let factor = numbers.tensor([channelCount]).buffer
    expectSame(count, "scaleChannels") {
      scaleChannels(into: $1, isAdding: false, $0 ? x.half : x.full, by: factor)
    }
    expectSame(count, "addScaledRows") {
      addScaledRows(into: $1, $0 ? x.half : x.full, $0 ? y.half : y.full, scale: factor)
    }
    var sums: [[Float]] = []
    for (a, b) in [(x.half, y.half), (x.full, y.full)] {
      let (sum, products) = (
        Buffer(.float32, count: channelCount), Buffer(.float32, count: channelCount)
      )
      sumRows(into: sum, isAdding: false, a)
      sumRowProducts(into: products, isAdding: false, a, b)
      sums.append(sum.array() + products.array())
    }
    #expect(sums[0] == sums[1])
  }

  @Test(arguments: [(1, 3, 5, 8, 2), (2, 40, 30, 24, 3), (2, 5, 7, 512, 32)], [false, true])
  func groupNorms(sizes: (Int, Int, Int, Int, Int), appliesSiLU: Bool) {
    let shape = ImageShape(
      batchSize: sizes.0, height: sizes.1, width: sizes.2, channelCount: sizes.3)
    let normalization = GroupNormalization(
      shape: shape, groupCount: sizes.4, epsilon: 1e-6, appliesSiLU: appliesSiLU)
    var numbers = TestNumbers(seed: 13)
    let (x, dy) = (operand(&numbers, shape.elementCount), operand(&numbers, shape.elementCount))
    let (gain, bias) = (numbers.tensor([sizes.3]).buffer, numbers.tensor([sizes.3]).buffer)
    var statistics: [Buffer] = []
    expectSame(shape.elementCount, "forward") {
      statistics.append(
        normalization.forward(into: $1, $0 ? x.half : x.full, weight: gain, bias: bias))
    }
    #expect(statistics[0].array(of: Float.self) == statistics[1].array(of: Float.self))
    var sums: [[Float]] = []
    expectSame(shape.elementCount, "backward") {
      let (dgain, dbias) = (Buffer(.float32, count: sizes.3), Buffer(.float32, count: sizes.3))
      normalization.backward(
        dx: ($1, false), dWeight: (dgain, false), dBias: (dbias, false), $0 ? dy.half : dy.full,
        $0 ? x.half : x.full, weight: gain, bias: bias, statistics: statistics[0])
      sums.append(dgain.array() + dbias.array())
    }
    #expect(sums[0] == sums[1])
    #expect(
      dy.half.widened.array(of: Float.self) == dy.full.array(of: Float.self), "dy was changed")
  }

  @Test(arguments: BFloat16Tests.routes)
  func productsAndConvolutionsRoundTheirResults(route: BFloat16Route) {
    var numbers = TestNumbers(seed: 14)
    let (x, weight) = (operand(&numbers, 70 * 33).half, operand(&numbers, 65 * 33).half)
    let (bias, dy) = (numbers.tensor([65]).buffer, operand(&numbers, 70 * 65).half)
    expectSame(70 * 65, "affine by \(route)") { _, y in
      affine(into: y, x, weight: weight, bias: bias, rowCount: 70, route: route)
    }
    expectSame(70 * 33, "affineBackwardData by \(route)") { _, dx in
      affineBackwardData(
        into: dx, isAdding: false, dy, weight: weight, rowCount: 70, route: route)
    }
    let shape = ConvolutionShape(
      batchSize: 2, height: 5, width: 7, inputCount: 33, outputCount: 20, kernelHeight: 3,
      kernelWidth: 3)
    let (kernel, gradient) = (
      operand(&numbers, shape.weightCount).half, operand(&numbers, shape.outputElementCount).half
    )
    expectSame(shape.outputElementCount, "convolution by \(route)") { _, y in
      convolution(into: y, x, weight: kernel, bias: nil, shape: shape, route: route)
    }
    expectSame(shape.inputElementCount, "convolutionBackwardData by \(route)") { _, dx in
      convolutionBackwardData(
        into: dx, isAdding: false, gradient, weight: kernel, shape: shape, route: route)
    }
  }
}
