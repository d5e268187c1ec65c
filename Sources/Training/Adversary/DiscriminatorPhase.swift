import Autodiff
import DataParallel
import Discriminators

extension TrainingPhase<TokenizerTask.Lane> {
  /// The discriminator's own update: hinge loss and LeCam on a lane's images and on the reconstructions that
  /// the tokenizer's phase left.
  ///
  /// Source: Docs/Discriminators.md, section 4.
  static func discriminator(
    _ discriminator: DiscriminatorTraining, leCamWeight: Float, globalSampleCount: Int,
    draws: @escaping (_ lane: Lane, _ place: LanePlace) -> LossDraws
  ) -> Self {
    TrainingPhase(training: discriminator.network) { _ in
      discriminator.beginUpdate()
    } end: { agreement, _ in
      discriminator.leCam.advance(
        realMean: agreement.value(of: "logits_real"), fakeMean: agreement.value(of: "logits_fake"))
    } run: { lane, place, tape in
      guard let reconstruction = lane.reconstruction else {
        preconditionFailure("the discriminator's phase of step \(place.step): no reconstructions")
      }
      let draws = draws(lane, place)
      let logits = [(lane.images, DiscriminatorPass.real), (reconstruction, .fake)].map {
        discriminator.logits(of: Variable(constant: $0, on: tape), $1, at: place, draws)
      }
      let share = Float(lane.images.shape[0]) / Float(globalSampleCount)
      let loss = DiscriminatorLoss(
        real: logits[0], fake: logits[1], means: discriminator.leCam.means, share: share)
      return LaneResult(
        loss: weightedSum([(loss.hinge, 1), (loss.leCam, leCamWeight)]),
        metrics: [
          Metric("hinge", Double(loss.hinge.value.scalar)),
          Metric("lecam", Double(loss.leCam.value.scalar)),
          Metric("logits_real", loss.realMean * Double(share)),
          Metric("logits_fake", loss.fakeMean * Double(share)),
        ], sampleCount: lane.images.shape[0])
    }
  }
}

extension StepAgreement {
  /// A metric that the phase is sure to have.
  fileprivate func value(of name: String) -> Double {
    guard let metric = metrics.first(where: { $0.name == name }) else {
      preconditionFailure("StepAgreement: no metric \(name) among \(metrics.map(\.name))")
    }
    return metric.value
  }
}
