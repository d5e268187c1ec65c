import Foundation

/// AdamW by its formulas, one number at a time, for tests.
package struct AdamWReference {
  /// The value.
  package var value: Double
  /// The first moment.
  package var firstMoment = 0.0
  /// The second moment.
  package var secondMoment = 0.0
  /// The moving average.
  package var average: Double

  /// Begins at a value.
  package init(value: Double) { (self.value, average) = (value, value) }

  /// Step number `count`, counted from 1.
  package mutating func step(
    count: Int, gradient: Double, rate: Double, decay: Double, betas: (Double, Double),
    epsilon: Double, averageDecay: Double
  ) {
    value -= rate * decay * value
    firstMoment = betas.0 * firstMoment + (1 - betas.0) * gradient
    secondMoment = betas.1 * secondMoment + (1 - betas.1) * gradient * gradient
    let first = firstMoment / (1 - pow(betas.0, Double(count)))
    let second = secondMoment / (1 - pow(betas.1, Double(count)))
    value -= rate * first / (second.squareRoot() + epsilon)
    average = averageDecay * average + (1 - averageDecay) * value
  }
}
