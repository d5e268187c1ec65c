/// How a convolution is computed; the one place that decides it.
///
/// A function of the convolution, its operands' type, the arithmetic that is asked for, and the processor: the same on
/// every rank of a kind of processor and in every run. What a processor's kind means is in `ConvolutionCosts`; both
/// are among the versions that a checkpoint records.
public enum ConvolutionRoute: Sendable, Hashable, CustomStringConvertible {
  /// Kernels of one pixel: one product.
  case pointwise
  /// Products of unrolled patches.
  case patches
  /// The own kernel for at most four outputs.
  case narrow
  /// oneDNN's direct convolution.
  case library
  /// Products of bfloat16 panels, for the gradient of weights.
  case panels
  /// By the route of float32 operands, after bfloat16 ones were widened.
  case widened
  /// Fewer multiplications, of values of a type.
  case winograd(WinogradVariant, ElementType)

  /// The name in tables, such as `F(4×4)`; with the type of what is multiplied.
  public var description: String {
    switch self {
    case .pointwise: "pointwise"
    case .patches: "patches"
    case .narrow: "narrow"
    case .library: "oneDNN"
    case .panels: "panels"
    case .widened: "widened"
    case .winograd(let variant, let type): "\(variant) \(type)"
    }
  }

  /// The route of a convolution.
  ///
  /// - Parameters:
  ///   - direction: What is computed.
  ///   - shape: The sizes.
  ///   - operandType: float32, or bfloat16 where such numbers are multiplied as they are.
  ///   - resultType: The type of the result.
  ///   - arithmetic: What error it may have.
  ///   - processor: The processor that it is chosen for.
  /// - Returns: The route.
  public static func preferred(
    _ direction: ConvolutionDirection, _ shape: ConvolutionShape, operandType: ElementType,
    resultType: ElementType = .float32, arithmetic: ConvolutionArithmetic = .accurate,
    processor: ProcessorKind = .current
  ) -> ConvolutionRoute {
    if shape.isPointwise { return .pointwise }
    if let variant = ConvolutionCosts(processor).cheapestWinograd(
      direction, shape, operandType: operandType, arithmetic)
    {
      return variant
    }
    switch direction {
    case .forward:
      if shape.windows.areDisjoint || shape.windows.isCircular { return .patches }
      if operandType == .bfloat16 {
        return hasLibrary(.forward(hasBias: true), shape, resultType) ? .library : .widened
      }
      if shape.outputCount <= 4, shape.windows.isSame { return .narrow }
      return OneDNNConvolution.preferred(.forward(hasBias: true), shape: shape) == nil
        ? .patches : .library
    case .inputGradient:
      guard let turned = shape.mirrored else { return .patches }
      if operandType == .bfloat16 {
        return hasLibrary(.forwardByTap, turned, resultType) ? .library : .widened
      }
      return OneDNNConvolution.preferred(.forwardByTap, shape: turned) == nil ? .patches : .library
    case .weightGradient:
      guard operandType == .bfloat16, shape.windows.isSame else { return .patches }
      if PanelConvolution.isPreferred(for: shape) { return .panels }
      return hasLibrary(.backwardWeights, shape, .float32) ? .library : .widened
    }
  }

  private static func hasLibrary(
    _ direction: OneDNNConvolution.Direction, _ shape: ConvolutionShape, _ resultType: ElementType
  ) -> Bool {
    OneDNNConvolution.convolution(
      direction, shape: shape, operandType: .bfloat16, resultType: resultType) != nil
  }
}
