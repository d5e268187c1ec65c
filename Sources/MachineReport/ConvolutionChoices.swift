public import Kernels

/// How a rank computes 3×3 convolutions, shown at one of them: 128 channels of two images of 64×64.
///
/// Other sizes may take other routes: `restok bench convolutions` shows those of a configuration.
public struct ConvolutionChoices: Sendable, Equatable, Codable {
  /// What decides.
  public var processor: ProcessorKind
  /// The routes of output, input's and weights' gradient by precision and way of multiplying, such as `bfloat16, fast`.
  public var routes: [String: [String]]

  /// Makes choices of given values.
  public init(processor: ProcessorKind, routes: [String: [String]]) {
    (self.processor, self.routes) = (processor, routes)
  }

  /// Those of this process.
  public static var current: ConvolutionChoices {
    let shape = ConvolutionShape(
      batchSize: 2, height: 64, width: 64, inputCount: 128, outputCount: 128, kernelHeight: 3,
      kernelWidth: 3)
    var routes: [String: [String]] = [:]
    for type in [ElementType.float32, .bfloat16] {
      for arithmetic in ConvolutionArithmetic.allCases {
        routes["\(type), \(arithmetic)"] = ConvolutionDirection.allCases.map {
          ConvolutionRoute.preferred(
            $0, shape, operandType: BFloat16Route.preferred.multipliedType(of: type),
            arithmetic: arithmetic
          ).description
        }
      }
    }
    return ConvolutionChoices(processor: .current, routes: routes)
  }

  /// The rows of a table: what is chosen, and the three routes or the one that they share.
  var rows: [(name: String, value: String)] {
    routes.sorted { $0.key < $1.key }.map { name, routes in
      (name, Set(routes).count == 1 ? routes[0] : routes.joined(separator: ", "))
    }
  }
}
