import Autodiff
import Discriminators
import Tensors
import TestSupport
import Testing

@Suite struct AdversarialLossTests {
  /// Both sides of the penalty on and off.
  @Test(arguments: [(0.5, -0.75), (-0.5, 0.25), (0.9, 0.8), (-1.5, 1.5)])
  func thePenaltyMatchesTheReference(real: Double, fake: Double) {
    let means = LeCamMeans(real: 0.125, fake: -0.25)
    checkOperator(
      [real, fake].map { Tensor([Float($0)], shape: []) }, gradientTolerance: 1e-4,
      "penalty of \(real), \(fake)",
      reference: {
        let (above, below) = (max(0, $0[0][0] + 0.25), max(0, 0.125 - $0[1][0]))
        return [above * above + below * below]
      },
      operation: { leCamPenalty(real: $1[0], fake: $1[1], means: means) })
  }

  @Test func runningMeansFollowTheStep() {
    let buffers = ParameterArena()
    let state = LeCamState(decay: 0.75, buffers: ParameterScope(buffers))
    #expect(buffers.parameters.map(\.name) == ["ema_real_logits_mean", "ema_fake_logits_mean"])
    buffers.allocate(forTraining: false)
    buffers.initialize(seed: 1)
    #expect(state.means == LeCamMeans(real: 0, fake: 0))
    state.advance(realMean: 2, fakeMean: -4)
    #expect(state.means == LeCamMeans(real: 0.5, fake: -1))
    state.advance(realMean: 0.5, fakeMean: -1)
    #expect(state.means == LeCamMeans(real: 0.5, fake: -1))
  }

  /// The shares of two lanes add up to the mean of all logits for what is a mean, and to the mean of the
  /// lanes' penalties, which is another number than the penalty of the mean.
  @Test func sharesOfLanesAddUp() {
    var numbers = TestNumbers(seed: 1)
    let (real, fake) = (numbers.tensor([4, 6], in: -2..<3), numbers.tensor([4, 6], in: -3..<2))
    let means = LeCamMeans(real: 0.5, fake: -1)
    func loss(_ samples: Range<Int>) -> DiscriminatorLoss {
      let tape = Tape(isRecording: false)
      return DiscriminatorLoss(
        real: Variable(constant: real.slice(samples), on: tape),
        fake: Variable(constant: fake.slice(samples), on: tape), means: means,
        share: Float(samples.count) / 4)
    }
    let (whole, lanes) = (loss(0..<4), [loss(0..<2), loss(2..<4)])
    func total(_ value: (DiscriminatorLoss) -> Variable) -> Float {
      lanes.reduce(0) { $0 + value($1).value.scalar }
    }
    #expect(abs(total(\.hinge) - whole.hinge.value.scalar) < 1e-6)
    #expect(abs(total(\.leCam) - whole.leCam.value.scalar) > 1e-3)
    let expected = lanes.reduce(Float(0)) { sum, lane in
      let above = max(0, Float(lane.realMean) + 1)
      let below = max(0, 0.5 - Float(lane.fakeMean))
      return sum + 0.5 * (above * above + below * below)
    }
    #expect(abs(total(\.leCam) - expected) < 1e-5)
    let (realMean, fakeMean) = (
      real.doubles.reduce(0, +) / 24, fake.doubles.reduce(0, +) / 24
    )
    #expect(abs(whole.realMean - realMean) < 1e-6 && abs(whole.fakeMean - fakeMean) < 1e-6)
    let hinge =
      (real.doubles.reduce(0) { $0 + max(0, 1 - $1) }
        + fake.doubles.reduce(0) { $0 + max(0, 1 + $1) }) / 48
    #expect(abs(Double(whole.hinge.value.scalar) - hinge) < 1e-6)
  }

  @Test func theGeneratorWantsLargeLogits() {
    let tape = Tape(isRecording: true)
    let logits = Variable(input: Tensor([1, 2, 3, 6] as [Float], shape: [2, 2]), on: tape)
    let loss = generatorLoss(logits, share: 0.5)
    #expect(loss.value.scalar == -1.5)
    tape.backward(from: loss)
    #expect(logits.adjoint?.gradient?.array() == [-0.125, -0.125, -0.125, -0.125] as [Float])
  }
}
