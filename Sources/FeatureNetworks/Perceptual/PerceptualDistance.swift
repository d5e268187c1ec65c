public import Autodiff

/// LPIPS: the distance of two images in the feature maps of a classifier.
///
///     d(a, b) = Σ over taps of mean over positions of Σ over channels of
///       w·(f/(‖f‖ + 1e-10) − g/(‖g‖ + 1e-10))²
///
/// with the maps f of a and g of b, and ‖·‖ over channels. Where ‖f‖ = 0 the gradient is 0.
/// Source: Zhang et al. 2018, equation 1; Docs/Networks.md, section 2.
public struct PerceptualDistance {
  let network: FrozenNetwork<PerceptualNetwork>
  private let weights: FrozenNetwork<PerceptualWeights>

  /// The network whose maps are compared.
  public var architecture: PerceptualArchitecture { network.network.architecture }

  /// The distance with a network and the weights of its taps.
  ///
  /// - Precondition: There is a weight for each channel of each tap.
  public init(
    network: FrozenNetwork<PerceptualNetwork>, weights: FrozenNetwork<PerceptualWeights>
  ) {
    let widths = weights.network.channels.map(\.elementCount)
    precondition(
      widths == network.network.widths,
      "PerceptualDistance: weights for \(widths) channels of taps of \(network.network.widths)")
    self.network = network
    self.weights = weights
  }

  /// The distance of each pair of images.
  ///
  /// The maps of images that want no gradient are not kept beyond their normalised form.
  ///
  /// - Parameters:
  ///   - a: `[batch, height, width, 3]` in [0, 1].
  ///   - b: Shaped like `a`.
  /// - Returns: `[batch]`.
  public func callAsFunction(_ a: Variable, _ b: Variable) -> Variable {
    let (tape, left, right) = (a.tape, directions(of: a), directions(of: b))
    let distances = weights.network.channels.enumerated().map { tap, weight in
      weightedDistance(left[tap], right[tap], weight: tape[weight])
    }
    return distances.dropFirst().reduce(distances[0]) { add($0, $1) }
  }

  /// The tapped maps of images, each position of unit length over its channels.
  public func directions(of images: Variable) -> [Variable] {
    network.network(images).map { l2Normalize($0, epsilon: 1e-10) }
  }
}
