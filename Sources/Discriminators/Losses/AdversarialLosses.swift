public import Autodiff

/// A lane's share of the generator's loss: minus the mean of the logits of its reconstructions.
///
/// Source: Lim & Ye 2017, equation 10.
///
/// - Parameters:
///   - logits: The discriminator's, of all reconstructions of the lane.
///   - share: The lane's samples by those of the step.
/// - Returns: The loss, a single number.
public func generatorLoss(_ logits: Variable, share: Float) -> Variable {
  sum(logits, scale: -share / Float(logits.value.count))
}

/// A lane's loss of the discriminator, and what it consists of.
public struct DiscriminatorLoss {
  /// The lane's share of the mean hinge loss.
  ///
  ///     ½·(mean max(0, 1 − real) + mean max(0, 1 + fake))
  ///
  /// Source: Lim & Ye 2017, equation 9.
  public let hinge: Variable
  /// The lane's share of the mean of the lanes' penalties.
  public let leCam: Variable
  /// The mean logit of the lane's images.
  public let realMean: Double
  /// The mean logit of the lane's reconstructions.
  public let fakeMean: Double

  /// The losses of a lane's logits.
  ///
  /// - Parameters:
  ///   - real: Logits of the images.
  ///   - fake: Logits of the reconstructions.
  ///   - means: The running means before the step.
  ///   - share: The lane's samples by those of the step.
  public init(real: Variable, fake: Variable, means: LeCamMeans, share: Float) {
    let logits = [real, fake]
    hinge = weightedSum(
      zip(logits, [true, false]).map { logits, isReal in
        let scale = share / Float(logits.value.count)
        return (Autodiff.hinge(logits, isPositive: isReal, scale: scale), 0.5)
      })
    let laneMeans = logits.map { sum($0, scale: 1 / Float($0.value.count)) }
    leCam = scale(leCamPenalty(real: laneMeans[0], fake: laneMeans[1], means: means), by: share)
    (realMean, fakeMean) = (
      Double(laneMeans[0].value.scalar), Double(laneMeans[1].value.scalar)
    )
  }
}
