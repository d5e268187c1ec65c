public import Kernels

/// How a rank computes 3×3 convolutions, shown at one of them: 128 channels of two images of 64×64.
///
/// Other sizes may take other routes: `restok bench convolutions` shows those of a configuration.
public struct ConvolutionChoices: Sendable, Equatable, Codable {
  /// What decides.
  public var processor: ProcessorKind
  /// One a precision and way of multiplying.
  public var choices: [Choice]

  /// The routes of a precision and a way of multiplying.
  public struct Choice: Sendable, Equatable, Codable {
    /// The type of the operands.
    public var precision: String
    /// The way, as the key `convolutions` names it.
    public var arithmetic: ConvolutionArithmetic
    /// The route of the output.
    public var forward: String
    /// The route of the input's gradient.
    public var inputGradient: String
    /// The route of the weights' gradient.
    public var weightGradient: String

    /// Makes a choice of given values.
    public init(
      precision: String, arithmetic: ConvolutionArithmetic, forward: String,
      inputGradient: String, weightGradient: String
    ) {
      (self.precision, self.arithmetic) = (precision, arithmetic)
      (self.forward, self.inputGradient) = (forward, inputGradient)
      self.weightGradient = weightGradient
    }
  }

  /// Makes choices of given values.
  public init(processor: ProcessorKind, choices: [Choice]) {
    (self.processor, self.choices) = (processor, choices)
  }

  /// Those of this process.
  public static var current: ConvolutionChoices {
    let shape = ConvolutionShape(
      batchSize: 2, height: 64, width: 64, inputCount: 128, outputCount: 128, kernelHeight: 3,
      kernelWidth: 3)
    let choices = [ElementType.float32, .bfloat16].flatMap { type in
      ConvolutionArithmetic.allCases.map { arithmetic in
        func route(_ direction: ConvolutionDirection) -> String {
          ConvolutionRoute.preferred(
            direction, shape, operandType: BFloat16Route.preferred.multipliedType(of: type),
            arithmetic: arithmetic
          ).description
        }
        return Choice(
          precision: "\(type)", arithmetic: arithmetic, forward: route(.forward),
          inputGradient: route(.inputGradient), weightGradient: route(.weightGradient))
      }
    }
    return ConvolutionChoices(processor: .current, choices: choices)
  }

  /// The rows of a table: what is chosen, and the three routes or the one that they share.
  var rows: [(name: String, value: String)] {
    choices.map { choice in
      let routes = [choice.forward, choice.inputGradient, choice.weightGradient]
      return (
        "\(choice.precision), \(choice.arithmetic)",
        Set(routes).count == 1 ? routes[0] : routes.joined(separator: ", ")
      )
    }
  }
}
