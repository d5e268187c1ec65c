public import Autodiff
import Tensors

/// Running means of a discriminator's logits.
public struct LeCamMeans: Sendable, Equatable {
  /// Of images.
  public var real: Float
  /// Of reconstructions.
  public var fake: Float

  /// Gathers the means.
  public init(real: Float, fake: Float) {
    self.real = real
    self.fake = fake
  }
}

/// Holds a discriminator to running means of its logits.
///
///     max(0, r − fake mean)² + max(0, real mean − f)²
///
/// r and f are a lane's means; the running means are of before the step, and constants.
/// Source: Tseng et al. 2021 (LeCam), equation 4.
///
/// - Parameters:
///   - real: r, one number.
///   - fake: f, one number.
///   - means: The running means.
/// - Returns: The penalty, one number.
public func leCamPenalty(real: Variable, fake: Variable, means: LeCamMeans) -> Variable {
  let aboveFake = max(0, real.value.scalar - means.fake)
  let belowReal = max(0, means.real - fake.value.scalar)
  let penalty = Tensor([aboveFake * aboveFake + belowReal * belowReal], shape: [])
  let (realAdjoint, fakeAdjoint) = (real.adjoint, fake.adjoint)
  let (realShape, fakeShape) = (real.shape, fake.shape)
  return real.tape.record(penalty, from: [real, fake]) { dpenalty in
    let gradient = dpenalty.scalar
    realAdjoint?.accumulate(Tensor([2 * gradient * aboveFake], shape: realShape))
    fakeAdjoint?.accumulate(Tensor([-2 * gradient * belowReal], shape: fakeShape))
  }
}

/// The running means as state of a discriminator's training.
///
///     mean ← decay·mean + (1 − decay)·(mean logit of the step, over all lanes)
///
/// Every lane of a step sees the means of before it; they advance once a step.
public struct LeCamState {
  /// How much of a mean stays.
  public let decay: Double
  private let real: Parameter
  private let fake: Parameter

  /// Creates the means, initially 0, under their published names in a scope of buffers.
  public init(decay: Double = 0.999, buffers: ParameterScope) {
    self.decay = decay
    real = buffers.parameter("ema_real_logits_mean", [1], .constant(0))
    fake = buffers.parameter("ema_fake_logits_mean", [1], .constant(0))
  }

  /// The means as they are.
  public var means: LeCamMeans {
    LeCamMeans(real: real.value.scalar, fake: fake.value.scalar)
  }

  /// Advances the means once a step.
  ///
  /// - Parameters:
  ///   - realMean: The mean logit of the step's images.
  ///   - fakeMean: The mean logit of the step's reconstructions.
  public func advance(realMean: Double, fakeMean: Double) {
    for (parameter, mean) in [(real, realMean), (fake, fakeMean)] {
      let next = decay * Double(parameter.value.scalar) + (1 - decay) * mean
      parameter.value.buffer.copy(from: [Float(next)])
    }
  }
}
