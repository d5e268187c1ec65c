/// What the ways of computing a 3×3 convolution cost on a kind of processor.
///
/// The unit is a multiplication and addition in a float32 product that runs from the cache, so that the figures hold for a
/// processor of any speed. Measured: `slowPairs` (Emerald Rapids without AMX, two cores) and, with another program of the
/// same algorithms, `fastPairs` (Zen 4). The transforms' figures are of these two; `tiles`, `vectors512` and `vectors256` have them too,
/// with what was measured of oneDNN's convolutions there. Docs/Numerics.md, Docs/Benchmarks/README.md.
struct ConvolutionCosts {
  /// Raised with every change of a figure, after which some convolution may take another route.
  static let revision = 1

  /// Those of this processor.
  static let current = ConvolutionCosts(.current)

  /// Multiplications a unit of a convolution by all its products.
  private struct DirectRates {
    let forward: Double
    let inputGradient: Double
    let weightGradient: Double

    subscript(direction: ConvolutionDirection) -> Double {
      switch direction {
      case .forward: forward
      case .inputGradient: inputGradient
      case .weightGradient: weightGradient
      }
    }
  }

  /// Of float32 operands; nil where Winograd's algorithms are not to be chosen at all.
  private let float32: DirectRates?
  /// Of bfloat16 operands that are multiplied as they are; nil where they are widened.
  private let bfloat16: DirectRates?
  /// Multiplications a unit of own products of bfloat16 pairs; nil where they are not to be chosen.
  private let pairRate: Double?

  /// The part of its rate that a product of tiles reaches beside the transforms.
  private static let productRate = 0.9
  /// What a number at a point costs to make of pixels, or pixels of it.
  private static let valueCost = 13.0
  /// What a number at a point costs to make of weights: mostly to write it to memory.
  private static let weightCost = 30.0
  /// What must be gained for the transforms' memory and error.
  private static let leastGain = 1.1
  /// Memory beside operands and result takes no more bytes.
  private static let largestByteCount = 64 << 20
  /// Images that the choice counts with where results must not depend on how many there are.
  private static let nominalImageCount = 4

  /// The figures of a kind of processor.
  init(_ processor: ProcessorKind) {
    let library = DirectRates(forward: 1, inputGradient: 0.95, weightGradient: 0.8)
    switch processor {
    case .tiles:
      float32 = library
      bfloat16 = DirectRates(forward: 4, inputGradient: 4, weightGradient: 3)
      pairRate = nil
    case .fastPairs:
      float32 = library
      bfloat16 = DirectRates(forward: 2.1, inputGradient: 1.9, weightGradient: 1.6)
      pairRate = 2
    case .slowPairs, .vectors512, .vectors256: (float32, bfloat16, pairRate) = (library, nil, nil)
    case .other: (float32, bfloat16, pairRate) = (nil, nil, nil)
    }
  }

  /// The cheapest of Winograd's algorithms, if it is cheaper than the direct convolution.
  ///
  /// The output and the input's gradient of an image must not depend on those beside it: for them the choice counts with
  /// the same number of images always.
  func cheapestWinograd(
    _ direction: ConvolutionDirection, _ shape: ConvolutionShape, operandType: ElementType,
    _ arithmetic: ConvolutionArithmetic
  ) -> ConvolutionRoute? {
    let rates = operandType == .bfloat16 ? bfloat16 : float32
    guard arithmetic != .direct, let rate = rates?[direction],
      let convolved = direction == .inputGradient ? shape.mirrored : shape,
      WinogradConvolution.exists(for: convolved)
    else { return nil }
    let imageCount = direction == .weightGradient ? shape.batchSize : Self.nominalImageCount
    let direct =
      9 * Double(imageCount * convolved.windows.outputPixelCount)
      * Double(shape.inputCount * shape.outputCount) / rate
    let candidates: [(variant: WinogradVariant, type: ElementType)] =
      [(.f4x4, .float32), (.f2x2, .float32)]
      + (arithmetic == .fast && operandType == .bfloat16 && pairRate != nil
        ? [(.f2x4, .bfloat16), (.f2x2, .bfloat16)] : [])
    let costs = candidates.compactMap { candidate -> (route: ConvolutionRoute, cost: Double)? in
      cost(direction, convolved, imageCount, candidate.variant, candidate.type).map {
        (.winograd(candidate.variant, candidate.type), $0)
      }
    }
    guard let best = costs.min(by: { $0.cost < $1.cost }), best.cost * Self.leastGain < direct
    else { return nil }
    return best.route
  }

  /// Units that an algorithm takes; nil where it takes too much memory.
  private func cost(
    _ direction: ConvolutionDirection, _ shape: ConvolutionShape, _ imageCount: Int,
    _ variant: WinogradVariant, _ type: ElementType
  ) -> Double? {
    let byteCount =
      direction == .weightGradient
      ? WinogradWeightGradient.scratchByteCount(shape, variant, multiplying: type)
      : WinogradConvolution.weightByteCount(shape, variant, multiplying: type)
    guard byteCount <= Self.largestByteCount else { return nil }
    let channels = Double(shape.inputCount * shape.outputCount)
    let tileCount = Double(imageCount * WinogradTiling(shape, variant).imageTileCount)
    let rate = type == .bfloat16 ? (pairRate ?? 1) : 1
    let products = tileCount * channels / (rate * Self.productRate)
    let values = tileCount * Double(shape.inputCount + shape.outputCount) * Self.valueCost
    return Double(variant.pointCount) * (products + values + channels * Self.weightCost)
  }
}
