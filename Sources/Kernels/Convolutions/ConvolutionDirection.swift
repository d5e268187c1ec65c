/// What is computed of a convolution.
public enum ConvolutionDirection: String, Sendable, CaseIterable, Codable {
  /// The output.
  case forward
  /// The gradient of the input.
  case inputGradient = "input-gradient"
  /// The gradient of the weights.
  case weightGradient = "weight-gradient"
}
