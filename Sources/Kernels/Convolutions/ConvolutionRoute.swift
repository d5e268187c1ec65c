/// How a convolution is computed; the one place that decides it.
///
/// A function of the convolution, its operands' type, the arithmetic that is asked for, and the processor: the same on
/// every rank of a kind of processor and in every run. What a processor's kind means is in `ConvolutionCosts`; both
/// are among the versions that a checkpoint records.
public enum ConvolutionRoute: Sendable, Hashable, CustomStringConvertible {
  /// Kernels of one pixel: one product.
  case pointwise
  /// Products of whole unrolled patches, of operands as they are.
  case patches
  /// Products of patches that are unrolled in strips, of float32 operands; others are widened first.
  case strips
  /// The own kernel for at most four outputs, of float32 operands; others are widened first.
  case narrow
  /// oneDNN's direct convolution of operands of a type; float32 ones may have been widened.
  case library(ElementType)
  /// Products of bfloat16 panels, for the gradient of weights.
  case panels
  /// Fewer multiplications, of values of a type.
  case winograd(WinogradVariant, ElementType)

  /// The name in tables, such as `F(4×4) float32`.
  public var description: String {
    switch self {
    case .pointwise: "pointwise"
    case .patches, .strips: "patches"
    case .narrow: "narrow"
    case .library(let type): "oneDNN \(type)"
    case .panels: "panels bfloat16"
    case .winograd(let variant, let type): "\(variant) \(type)"
    }
  }

  /// The route of a convolution.
  ///
  /// - Parameters:
  ///   - direction: What is computed.
  ///   - shape: The sizes.
  ///   - hasBias: Whether a bias is added to the output.
  ///   - operandType: float32, or bfloat16 where such numbers are multiplied as they are.
  ///   - resultType: The type of the result.
  ///   - arithmetic: What error it may have.
  ///   - processor: The processor whose costs count; which convolutions oneDNN has is that of this one.
  /// - Returns: The route.
  public static func preferred(
    _ direction: ConvolutionDirection, _ shape: ConvolutionShape, hasBias: Bool = false,
    operandType: ElementType, resultType: ElementType = .float32,
    arithmetic: ConvolutionArithmetic = .accurate, processor: ProcessorKind? = nil
  ) -> ConvolutionRoute {
    if shape.isPointwise { return .pointwise }
    let costs = processor.map(ConvolutionCosts.init) ?? .current
    if let winograd = costs.cheapestWinograd(
      direction, shape, operandType: operandType, arithmetic)
    {
      return winograd
    }
    switch direction {
    case .forward:
      if shape.windows.areDisjoint || shape.windows.isCircular { return .patches }
      let wanted = OneDNNConvolution.Direction.forward(hasBias: hasBias)
      if operandType == .bfloat16, hasLibrary(wanted, shape, resultType) {
        return .library(.bfloat16)
      }
      if shape.outputCount <= 4, shape.windows.isSame { return .narrow }
      return OneDNNConvolution.preferred(wanted, shape: shape) == nil ? .strips : .library(.float32)
    case .inputGradient:
      guard let turned = shape.mirrored else { return .patches }
      if operandType == .bfloat16, hasLibrary(.forwardByTap, turned, resultType) {
        return .library(.bfloat16)
      }
      return OneDNNConvolution.preferred(.forwardByTap, shape: turned) == nil
        ? .strips : .library(.float32)
    case .weightGradient:
      guard shape.windows.isSame else { return .patches }
      guard operandType == .bfloat16 else { return .strips }
      if PanelConvolution.isPreferred(for: shape) { return .panels }
      return hasLibrary(.backwardWeights, shape, .float32) ? .library(.bfloat16) : .strips
    }
  }

  private static func hasLibrary(
    _ direction: OneDNNConvolution.Direction, _ shape: ConvolutionShape, _ resultType: ElementType
  ) -> Bool {
    OneDNNConvolution.convolution(
      direction, shape: shape, operandType: .bfloat16, resultType: resultType) != nil
  }
}
