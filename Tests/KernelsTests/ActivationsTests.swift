import Foundation
import Kernels
import TestSupport
import Testing

/// The polynomials of vector_math.h, seen through the kernels that use them.
@Suite struct ActivationsTests {
  /// A dense grid, powers of two from the least to the largest magnitude, and where e^x and e^(−x²/2)
  /// leave the range of single precision.
  private static let points: [Float] = {
    var points: [Float] = (-30_000...30_000).map { Float($0) * 0.004_37 }
    for exponent in -126...127 {
      let power = Float(sign: .plus, exponent: exponent, significand: 1.37)
      points += [power, -power]
    }
    for edge: Float in [87.336_5, 87.5, 88.72, 88.73, 89, 103.9, 13.1, 13.22, 14.4, 5.6] {
      points += [edge, -edge, edge.nextUp, -edge.nextUp, edge.nextDown, -edge.nextDown]
    }
    return points + [0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude]
  }()

  /// Largest |actual − expected| in units of 2^−24·|expected|·(1 + growth(x)), where results below
  /// the normal range count as zero.
  private func largestError(
    _ actual: [Float], _ expected: (Double) -> Double, growth: (Double) -> Double
  ) -> (error: Double, at: Float) {
    var worst = (error: 0.0, at: Float(0))
    for (y, x) in zip(actual, Self.points) {
      let reference = expected(Double(x))
      let allowed = abs(reference) * 0x1p-24 * (1 + growth(Double(x))) + 0x1p-126 * 120
      let error = abs(Double(y) - reference) / allowed
      if !(error <= worst.error) { worst = (error, x) }
    }
    return worst
  }

  private func values(_ kernel: (Buffer, Buffer) -> Void) -> [Float] {
    let x = Buffer(.float32, count: Self.points.count)
    let y = Buffer(.float32, count: Self.points.count)
    x.copy(from: Self.points)
    kernel(y, x)
    return y.array()
  }

  private func result(_ kernel: (Buffer, Buffer) -> Void, of x: Buffer) -> Buffer {
    let y = Buffer(.float32, count: x.count)
    kernel(y, x)
    return y
  }

  private func derivatives(_ kernel: (Buffer, Buffer, Buffer) -> Void) -> [Float] {
    let dy = Buffer(.float32, count: Self.points.count)
    fill(dy, with: 1)
    return values { kernel($0, dy, $1) }
  }

  @Test func geluIsAccurate() {
    // The exponent −x²/2 is itself rounded, which the exponential turns into a relative error.
    let value = largestError(values { gelu(into: $0, $1) }, ActivationsReference.gelu) {
      $0 < 0 ? $0 * $0 / 2 : 0
    }
    #expect(value.error <= 8, "gelu(\(value.at))")
    for (y, x) in zip(derivatives { geluGradient(into: $0, $1, $2) }, Self.points) {
      let error = abs(Double(y) - ActivationsReference.geluDerivative(Double(x)))
      #expect(error <= 3e-7, "geluGradient(\(x)) = \(y)")
    }
  }

  @Test func geluTanhIsAccurate() {
    // The exponent 2v is itself rounded, as is the cube in it.
    let value = largestError(values { geluTanh(into: $0, $1) }, ActivationsReference.geluTanh) {
      $0 < 0 ? -2 * 0.798 * ($0 + 0.044_715 * $0 * $0 * $0) : 0
    }
    #expect(value.error <= 8, "geluTanh(\(value.at))")
    for (y, x) in zip(derivatives { geluTanhGradient(into: $0, $1, $2) }, Self.points) {
      let error = abs(Double(y) - ActivationsReference.geluTanhDerivative(Double(x)))
      #expect(error <= 5e-7, "geluTanhGradient(\(x)) = \(y)")
    }
  }

  @Test func tanhIsAccurate() {
    let results = values { Kernels.tanh(into: $0, $1) }
    let value = largestError(results, { tanh($0) }) { _ in 0 }
    #expect(value.error <= 3, "tanh(\(value.at))")
    // Its gradient comes from the result, whose rounding near 1 is all that is left of 1 − y².
    for (dx, x) in zip(
      derivatives { tanhGradient(into: $0, $1, result(Kernels.tanh, of: $2)) }, Self.points)
    {
      let exact = 1 / (cosh(Double(x)) * cosh(Double(x)))
      #expect(abs(Double(dx) - exact) <= 4e-7, "tanhGradient(\(x)) = \(dx)")
    }
  }

  @Test func rectifiersAreExact() {
    let (positive, leaky) = (
      values { relu(into: $0, $1) }, values { leakyReLU(into: $0, $1, slope: 0.25) }
    )
    let gradients = derivatives { leakyReLUGradient(into: $0, $1, $2, slope: 0.25) }
    for (index, x) in Self.points.enumerated() {
      #expect(positive[index] == max(x, 0))
      #expect(leaky[index] == Float(ActivationsReference.leakyReLU(Double(x), slope: 0.25)))
      #expect(gradients[index] == (x > 0 ? 1 : 0.25), "x = \(x)")
    }
  }

  @Test func siluIsAccurate() {
    let value = largestError(values { silu(into: $0, $1) }, ActivationsReference.silu) { _ in 1 }
    #expect(value.error <= 3, "silu(\(value.at))")
    for (y, x) in zip(derivatives { siluGradient(into: $0, $1, $2) }, Self.points) {
      let error = abs(Double(y) - ActivationsReference.siluDerivative(Double(x)))
      // 1 − s is rounded where s is near 1, and then multiplied by x.
      #expect(error <= 1e-6, "siluGradient(\(x)) = \(y)")
    }
  }

  @Test func signsAndNumbersThatAreNoneAreKept() {
    let x = Buffer(.float32, count: 4)
    let y = Buffer(.float32, count: 4)
    x.copy(from: [0, -0.0, .nan, .infinity] as [Float])
    for kernel in [gelu(into:_:), silu(into:_:), geluTanh(into:_:), relu(into:_:)]
      as [(Buffer, Buffer) -> Void]
    {
      kernel(y, x)
      let values = y.array(of: Float.self)
      #expect(values[0] == 0 && values[0].sign == .plus)
      #expect(values[1] == 0 && values[1].sign == .minus)
      #expect(values[2].isNaN && values[3] == .infinity)
    }
  }

  /// bfloat16 numbers give what their float32 values give, rounded, through scratch memory and in place.
  @Test func bfloat16NumbersAreRoundedOnce() {
    var numbers = TestNumbers(seed: 6)
    let bfloat16s = (0..<3).map { _ in numbers.tensor([5_003], in: -9..<9).buffer.rounded }
    func results(_ inputs: [Buffer], _ type: ElementType) -> [[Float]] {
      let y = (0..<14).map { _ in Buffer(type, count: 5_003) }
      gelu(into: y[0], inputs[0])
      geluGradient(into: y[1], inputs[1], inputs[0])
      silu(into: y[2], inputs[0])
      siluGradient(into: y[3], inputs[1], inputs[0])
      siluProduct(into: y[4], gate: inputs[0], value: inputs[2])
      siluProductGradient(
        gate: y[5], value: y[6], inputs[1], gate: inputs[0], value: inputs[2])
      geluTanh(into: y[7], inputs[0])
      geluTanhGradient(into: y[8], inputs[1], inputs[0])
      Kernels.tanh(into: y[9], inputs[0])
      tanhGradient(into: y[10], inputs[1], inputs[0])
      relu(into: y[11], inputs[0])
      leakyReLU(into: y[12], inputs[0], slope: 0.2)
      leakyReLUGradient(into: y[13], inputs[1], inputs[0], slope: 0.2)
      return y.map { (type == .float32 ? $0.rounded : $0).widened.array() }
    }
    let wide = bfloat16s.map(\.widened)
    let expected = results(wide, .float32)
    #expect(results(bfloat16s, .bfloat16) == expected)
    #expect(results([bfloat16s[0], wide[1], bfloat16s[2]], .bfloat16) == expected)
  }

  /// The place in the array, hence the vector lane or the rest of the loop, does not matter.
  @Test func resultsDoNotDependOnThePlace() {
    let whole = values { gelu(into: $0, $1) }
    let x = Buffer(.float32, count: Self.points.count)
    x.copy(from: Self.points)
    for start in [1, 5, 60_003] {
      let y = Buffer(.float32, count: 37)
      gelu(into: y, x[start..<start + 37])
      #expect(y.array() == Array(whole[start..<start + 37]))
    }
  }

  @Test func resultsDoNotDependOnTheThreadCount() {
    var numbers = TestNumbers(seed: 1)
    let inputs = (0..<3).map { _ in numbers.tensor([40_003], in: -9..<9).buffer }
    let results = onThreadCounts([1, 2, 3]) {
      let outputs = (0..<11).map { _ in Buffer(.float32, count: 40_003) }
      gelu(into: outputs[0], inputs[0])
      geluGradient(into: outputs[1], inputs[1], inputs[0])
      silu(into: outputs[2], inputs[0])
      siluGradient(into: outputs[3], inputs[1], inputs[0])
      siluProductGradient(
        gate: outputs[4], value: outputs[5], inputs[1], gate: inputs[0], value: inputs[2])
      geluTanh(into: outputs[6], inputs[0])
      geluTanhGradient(into: outputs[7], inputs[1], inputs[0])
      Kernels.tanh(into: outputs[8], inputs[0])
      tanhGradient(into: outputs[9], inputs[1], outputs[8])
      leakyReLU(into: outputs[10], inputs[0], slope: 0.2)
      return outputs.map { $0.array(of: Float.self) }
    }
    #expect(results[1] == results[0])
    #expect(results[2] == results[0])
  }
}
