import Autodiff
import FeatureNetworks
import Tensors
import TestSupport
import Testing

/// Laws of the perceptual distance and of the alignment, beside the golden files.
@Suite struct PerceptualTests {
  private static let widths = [3, 4, 5, 6, 7]

  private static func distance(
    _ architecture: PerceptualArchitecture, bias: Float = 0.1, operandType: ElementType = .float32
  ) -> PerceptualDistance {
    let network = FrozenNetwork(seed: 2, operandType: operandType) {
      PerceptualNetwork(architecture, widths: widths, in: $0)
    }
    for parameter in network.arena.parameters {
      var numbers = TestNumbers(seed: UInt64(parameter.index))
      let bound = 2 / Float(parameter.elementCount / parameter.shape[0]).squareRoot()
      parameter.assign(
        parameter.shape.count == 1
          ? Tensor(repeating: bias, shape: parameter.shape)
          : numbers.tensor(parameter.shape, in: -bound..<bound))
    }
    return PerceptualDistance(
      network: network,
      weights: FrozenNetwork(seed: 3, operandType: operandType) {
        PerceptualWeights(widths: widths, in: $0)
      })
  }

  private static func images(_ seed: UInt64, size: Int = 64) -> Tensor {
    var numbers = TestNumbers(seed: seed)
    return numbers.tensor([2, size, size, 3], in: 0..<1)
  }

  @Test(arguments: PerceptualArchitecture.allCases)
  func distancesAreSymmetricAndNothingToItself(architecture: PerceptualArchitecture) {
    let (distance, tape) = (Self.distance(architecture), Tape(isRecording: false))
    let (a, b) = (
      Variable(constant: Self.images(1), on: tape), Variable(constant: Self.images(2), on: tape)
    )
    let (there, back) = (distance(a, b).value.doubles, distance(b, a).value.doubles)
    #expect(there == back && there.allSatisfy { $0 > 0 } && there.count == 2)
    #expect(distance(a, a).value.doubles == [0, 0])
  }

  /// No feature anywhere: the derivative of the norm is infinite there, the gradient is 0.
  @Test(arguments: PerceptualArchitecture.allCases)
  func imagesWithoutFeaturesHaveNoGradient(architecture: PerceptualArchitecture) {
    let (distance, tape) = (Self.distance(architecture, bias: -100), Tape(isRecording: true))
    let a = Variable(constant: Self.images(1), on: tape)
    let b = Variable(input: Self.images(2), on: tape)
    let distances = distance(a, b)
    #expect(distances.value.doubles == [0, 0])
    tape.backward(from: sum(distances, scale: 1))
    #expect(b.adjoint?.gradient?.doubles.allSatisfy { $0 == 0 } ?? true)
  }

  /// Gradients reach the second images alone, and are the same when stages run again.
  @Test(arguments: PerceptualArchitecture.allCases)
  func gradientsReachTheReconstruction(architecture: PerceptualArchitecture) throws {
    func gradient(recomputesBlocks: Bool) throws -> [Double] {
      let tape = Tape(isRecording: true, recomputesBlocks: recomputesBlocks)
      let a = Variable(constant: Self.images(1), on: tape)
      let b = Variable(input: Self.images(2), on: tape)
      let distance = Self.distance(architecture)
      tape.backward(from: sum(distance(a, b), scale: 0.5))
      // Stages that run again look their parameters up once more.
      withExtendedLifetime(distance) {}
      #expect(a.adjoint == nil)
      return try #require(b.adjoint?.gradient).doubles
    }
    let kept = try gradient(recomputesBlocks: false)
    #expect(kept.contains { $0 != 0 })
    #expect(try gradient(recomputesBlocks: true) == kept)
  }

  /// Distances alone: a ReLU makes a gradient jump where rounding takes a number to its other side.
  @Test(arguments: PerceptualArchitecture.allCases)
  func bfloat16DistancesAreNearFloat32(architecture: PerceptualArchitecture) {
    func distances(_ type: ElementType) -> [Double] {
      let tape = Tape(isRecording: false, operandType: type)
      let a = Variable(constant: Self.images(1), on: tape)
      let b = Variable(constant: Self.images(2), on: tape)
      return Self.distance(architecture, operandType: type)(a, b).value.doubles
    }
    let error = expectClose(
      distances(.bfloat16), distances(.float32), tolerance: 2e-2, "\(architecture)")
    #expect(error > 1e-6, "nothing was rounded")
  }

  @Test func jitterOfWholeBordersIsTheImage() {
    let tape = Tape(isRecording: false)
    let images = Variable(constant: Self.images(4, size: 20), on: tape)
    let whole = PerceptualJitter(top: 15, bottom: 15, left: 15, right: 15)
    #expect(whole(images).value.array(of: Float.self) == images.value.array())
    // Everything that is beyond the edge repeats it.
    let even = Variable(constant: Tensor(repeating: 0.25, shape: [1, 9, 7, 3]), on: tape)
    let shifted = PerceptualJitter(top: 0, bottom: 15, left: 3, right: 8)(even).value
    #expect(shifted.shape == [1, 9, 7, 3])
    expectClose(shifted.doubles, even.value.doubles, tolerance: 1e-6, "an even image")
  }

  @Test func jittersAreDrawnFromTheirKeys() {
    let jitters = (0..<200).map {
      PerceptualJitter(RandomKey(seed: 1, purpose: .test, step: $0, index: 3))
    }
    #expect(jitters[7] == PerceptualJitter(RandomKey(seed: 1, purpose: .test, step: 7, index: 3)))
    let cuts = jitters.flatMap { [$0.top, $0.bottom, $0.left, $0.right] }
    #expect(Set(cuts) == Set(0...15))
    #expect(jitters.contains { $0.top != $0.bottom && $0.left != $0.right && $0.top != $0.left })
  }

  @Test func alignedFeaturesCostNothing() {
    let tape = Tape(isRecording: true)
    var numbers = TestNumbers(seed: 6)
    let target = Variable(constant: numbers.tensor([3, 4, 5]), on: tape)
    let aligned = alignmentLoss(scale(target, by: 2), target, margin: 0.25, scale: 1)
    #expect(aligned.loss.value.scalar == 0 && abs(aligned.meanCosine - 1) < 1e-6)
    let opposite = Variable(
      input: scale(target, by: -0.5).value, on: tape)
    let worst = alignmentLoss(opposite, target, margin: 0.25, scale: 1 / 12)
    #expect(abs(worst.loss.value.scalar - 1.75) < 1e-6 && abs(worst.meanCosine + 1) < 1e-6)
    tape.backward(from: worst.loss)
    #expect(opposite.adjoint?.gradient?.count == 60)
  }

  @Test func wrongUsesStopTheProgram() async {
    await #expect(processExitsWith: .failure) {
      _ = PerceptualJitter(top: 16, bottom: 0, left: 0, right: 0)
    }
    await #expect(processExitsWith: .failure) {
      let x = Variable(
        constant: Tensor(repeating: 1, shape: [2, 3]), on: Tape(isRecording: false))
      _ = alignmentLoss(x, x, margin: 1, scale: 1)
    }
    await #expect(processExitsWith: .failure) {
      let network = FrozenNetwork(seed: 2, operandType: .float32) {
        PerceptualNetwork(.vgg16, widths: Self.widths, in: $0)
      }
      let weights = FrozenNetwork(seed: 3, operandType: .float32) {
        PerceptualWeights(widths: [3, 4, 5, 6, 8], in: $0)
      }
      _ = PerceptualDistance(network: network, weights: weights)
    }
  }
}
