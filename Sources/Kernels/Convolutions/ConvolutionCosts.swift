/// What the ways of computing a 3×3 convolution cost on a kind of processor.
///
/// The unit is a multiplication and addition in a float32 product that runs from the cache, so that the figures hold for a
/// processor of any speed. They were measured on the processors that Docs/Benchmarks names; where one was not there
/// to be measured, with figures of its products.
struct ConvolutionCosts {
  /// Raised with every change of a figure, after which some convolution may take another route.
  static let revision = 1

  /// Products a unit of the direct convolution of float32 and of bfloat16 operands, by direction.
  private let directRates: [ElementType: [ConvolutionDirection: Double]]
  /// Products a unit of own products of bfloat16 pairs; nil where they are not to be chosen.
  private let pairRate: Double?

  /// The part of its rate that a product of tiles reaches beside the transforms.
  private static let productRate = 0.9
  /// What a number at a point costs to make of pixels, or pixels of it.
  private static let valueCost = 13.0
  /// What a number at a point costs to make of weights: mostly to write it to memory.
  private static let weightCost = 30.0
  /// What must be gained for the transforms' memory and error.
  private static let leastGain = 1.1
  /// Transformed weights or their sums take no more bytes.
  private static let largestByteCount = 64 << 20

  /// The figures of a kind of processor.
  init(_ processor: ProcessorKind) {
    func rates(_ forward: Double, _ input: Double, _ weight: Double)
      -> [ConvolutionDirection: Double]
    {
      [.forward: forward, .inputGradient: input, .weightGradient: weight]
    }
    let float32 = rates(1.0, 0.95, 0.8)
    switch processor {
    case .tiles:
      (directRates, pairRate) = ([.float32: float32, .bfloat16: rates(4, 4, 3)], nil)
    case .fastPairs:
      (directRates, pairRate) = ([.float32: float32, .bfloat16: rates(2.1, 1.9, 1.6)], 2)
    case .slowPairs:
      (directRates, pairRate) = ([.float32: float32, .bfloat16: rates(0.53, 0.53, 0.5)], 0.55)
    case .vectors512, .vectors256:
      (directRates, pairRate) = ([.float32: float32], nil)
    case .other:
      (directRates, pairRate) = ([:], nil)
    }
  }

  /// The cheapest of Winograd's algorithms, if it is cheaper than the direct convolution.
  func cheapestWinograd(
    _ direction: ConvolutionDirection, _ shape: ConvolutionShape, operandType: ElementType,
    _ arithmetic: ConvolutionArithmetic
  ) -> ConvolutionRoute? {
    guard arithmetic != .direct, let rate = directRates[operandType]?[direction],
      let convolved = Self.convolved(direction, shape), WinogradConvolution.exists(for: convolved)
    else { return nil }
    let direct = 9 * Double(shape.batchSize * shape.windows.outputPixelCount)
    let channels = Double(shape.inputCount * shape.outputCount)
    let candidates: [(variant: WinogradVariant, type: ElementType)] =
      [(.f4x4, .float32), (.f2x2, .float32)]
      + (arithmetic == .fast && operandType == .bfloat16 && pairRate != nil
        ? [(.f2x4, .bfloat16), (.f2x2, .bfloat16)] : [])
    let costs = candidates.compactMap { candidate -> (ConvolutionRoute, Double)? in
      cost(direction, convolved, candidate.variant, candidate.type).map {
        (.winograd(candidate.variant, candidate.type), $0)
      }
    }
    guard let best = costs.min(by: { $0.1 < $1.1 }),
      best.1 * Self.leastGain < direct * channels / rate
    else { return nil }
    return best.0
  }

  /// The convolution whose output is cut into tiles; nil where the gradient is none.
  private static func convolved(_ direction: ConvolutionDirection, _ shape: ConvolutionShape)
    -> ConvolutionShape?
  {
    direction == .inputGradient ? shape.mirrored : shape
  }

  private func cost(
    _ direction: ConvolutionDirection, _ shape: ConvolutionShape, _ variant: WinogradVariant,
    _ type: ElementType
  ) -> Double? {
    let channels = shape.inputCount * shape.outputCount
    guard variant.pointCount * channels * type.byteCount <= Self.largestByteCount else {
      return nil
    }
    let tileCount = WinogradTiling(shape, variant).tileCount
    let rate = type == .bfloat16 ? (pairRate ?? 1) : 1
    let products = Double(tileCount * channels) / (rate * Self.productRate)
    let values = Double(tileCount * (shape.inputCount + shape.outputCount)) * Self.valueCost
    return Double(variant.pointCount) * (products + values + Double(channels) * Self.weightCost)
  }
}
