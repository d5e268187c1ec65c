/// Divides the logits: below 1 likely tokens become likelier, above 1 the choice evens out.
public struct TemperatureRule: LogitsRule, Equatable {
  /// The divisor.
  public let temperature: Double

  /// Creates the rule; the temperature is positive.
  public init(_ temperature: Double) {
    precondition(
      temperature > 0 && temperature.isFinite,
      "TemperatureRule: \(temperature) is not a positive number")
    self.temperature = temperature
  }

  /// Divides every logit by the temperature.
  public func apply(to logits: inout [Float]) {
    guard temperature != 1, let largest = logits.max() else { return }
    // From the largest one on, so that a small temperature gives minus infinity, never infinity.
    for token in logits.indices {
      logits[token] = Float(Double(logits[token] - largest) / temperature)
    }
  }
}
