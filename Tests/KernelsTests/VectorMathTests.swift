import Foundation
import Kernels
import Testing

/// Accuracy over the whole range of arguments, against the C library in double precision.
@Suite struct VectorMathTests {
  /// Distance in units of the last place of the exact result.
  private func unitsInTheLastPlace(_ actual: Float, _ exact: Double) -> Double {
    abs(Double(actual) - exact) / Double(Float(exact).ulp)
  }

  /// Numbers from `low` to `high`, so many that vector code and its rest both run.
  private func grid(_ low: Double, _ high: Double, count: Int = 100_003) -> [Float] {
    (0..<count).map { Float(low + (high - low) * Double($0) / Double(count - 1)) }
  }

  @Test func exponentialIsWithinAUnitAndAHalf() {
    let x = grid(-87.3, 88.3)
    let worst = zip(x, VectorMath.exponential(x)).map { unitsInTheLastPlace($1, exp(Double($0))) }
    #expect(worst.allSatisfy { $0 <= 1.5 }, "worst error \(worst.max() ?? 0) units")
  }

  @Test func exponentialEndsInZeroAndInfinity() {
    let y = VectorMath.exponential([-.infinity, -1e30, -104, -88, 0, 88.73, 1e30, .infinity, .nan])
    #expect(y.prefix(8) == [0, 0, 0, 0, 1, .infinity, .infinity, .infinity])
    #expect(y[8].isNaN)
    // Around the smallest normal number, 2^-126 = e^-87.34: absolute error below its last place.
    let small = grid(-88, -87.3, count: 1001)
    for (x, y) in zip(small, VectorMath.exponential(small)) {
      #expect(abs(Double(y) - exp(Double(x))) < 8.4e-39, "e^\(x) = \(y)")
    }
  }

  @Test func sigmoidIsWithinThreeUnits() {
    let x = grid(-87, 88)
    let worst = zip(x, VectorMath.sigmoid(x)).map {
      unitsInTheLastPlace($1, 1 / (1 + exp(-Double($0))))
    }
    #expect(worst.allSatisfy { $0 <= 3 }, "worst error \(worst.max() ?? 0) units")
    #expect(VectorMath.sigmoid([-.infinity, -200, 0, 200, .infinity]) == [0, 0, 0.5, 1, 1])
  }

  /// The exponent −x²/2 is rounded, which e^(−x²/2) turns into a relative error of x²/2 units.
  @Test func normalDistributionIsWithinNineUnitsBesideItsExponent() {
    let x = grid(-13, 13)
    let (distribution, density) = VectorMath.normalDistribution(x)
    var worst = (distribution: 0.0, density: 0.0)
    for (index, x) in x.enumerated() {
      let exponent = Double(x) * Double(x) / 2
      let exact = 0.5 * erfc(-Double(x) / 2.0.squareRoot())
      let exactDensity = exp(-exponent) / (2 * Double.pi).squareRoot()
      let error = abs(Double(distribution[index]) - exact) / (0x1p-24 * exact)
      worst.distribution = max(worst.distribution, error - (x < 0 ? exponent : 0))
      let densityError = abs(Double(density[index]) - exactDensity) / (0x1p-24 * exactDensity)
      worst.density = max(worst.density, densityError - exponent)
    }
    #expect(worst.distribution <= 9 && worst.density <= 3, "worst errors \(worst)")
  }

  @Test func normalDistributionEndsInZeroAndOne() {
    let (distribution, density) = VectorMath.normalDistribution([-1e30, -20, 0, 20, 1e30])
    #expect(distribution == [0, 0, 0.5, 1, 1])
    #expect(density == [0, 0, 0.3989423, 0, 0])
  }
}
