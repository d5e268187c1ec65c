import Autodiff
import HierarchicalGenerator
import ResidualTokenizer
import Tensors
import TestSupport
import Testing

/// Whole models with bfloat16 operands against the same models in float32.
@Suite struct MixedPrecisionTests {
  /// Loss and all gradients of a model.
  private struct Outcome {
    let loss: Double
    let gradients: [Double]
  }

  private func run(
    _ operandType: ElementType, model make: (ParameterScope) -> (Tape) -> Variable
  ) -> Outcome {
    let arena = ParameterArena()
    let lossOf = make(ParameterScope(arena))
    arena.allocate(forTraining: true, operandType: operandType)
    arena.initialize(seed: 3)
    for (index, parameter) in arena.parameters.enumerated() where parameter.shape.count >= 2 {
      let values = Tensor.normal(
        parameter.shape, key: RandomKey(seed: 3, purpose: .test, index: index))
      let scale = 1 / Float(parameter.shape.dropFirst().reduce(1, *)).squareRoot()
      parameter.value.buffer.copy(from: values.array(of: Float.self).map { $0 * scale })
    }
    arena.refreshOperands()
    let tape = arena.makeTape(isRecording: true)
    let loss = lossOf(tape)
    tape.backward(from: loss, into: arena)
    return Outcome(loss: Double(loss.value.scalar), gradients: arena.gradients.doubles)
  }

  private func expectNear(_ make: (ParameterScope) -> (Tape) -> Variable, tolerance: Double) {
    let (exact, rounded) = (run(.float32, model: make), run(.bfloat16, model: make))
    #expect(abs(rounded.loss - exact.loss) <= 1e-2 * abs(exact.loss))
    let error = expectClose(
      rounded.gradients, exact.gradients, tolerance: tolerance, "gradients")
    #expect(error > 1e-4, "nothing was rounded")
  }

  @Test func theGeneratorsGradientsAreNear() {
    let configuration = Generator.Configuration(
      tokenCount: 16, vocabularySize: 50, classCount: 5, width: 48, layerCount: 3, headCount: 3,
      hiddenMultiple: 16, order: .hierarchical, singleTokenCount: 4, dropout: 0, tokenDropout: 0,
      classDropout: 0, ropeBase: 10_000)
    let tokens = Tensor((0..<64).map { Int32($0 * 13 % 50) }, shape: [4, 16])
    let labels = Tensor([0, 1, 4, 5] as [Int32], shape: [4])
    expectNear(
      { scope in
        let model = Generator(configuration, in: scope)
        return { tape in
          let logits = model(tokens: tokens, labels: labels, key: nil, on: tape)
          return crossEntropy(logits, targets: tokens, scale: 1 / 64).loss
        }
      }, tolerance: 3e-2)
  }

  /// Codes that change with the rounding of the latents count too.
  @Test func theTokenizersGradientsAreNear() {
    let configuration = ResTok.Configuration(
      imageSize: 16,
      cnn: .init(width: 16, multipliers: [1, 2], blockCount: 1, groupCount: 8, featureCount: 16),
      encoder: .init(width: 48, layerCount: 2, headCount: 3),
      decoder: .init(width: 48, layerCount: 2, headCount: 3),
      scales: .init(count: 2, merge: .average, isResidual: true),
      latents: .init(
        count: 8, isResidual: true, hasPerLevelProjection: true, layout: .token),
      codebook: .init(
        size: 16, width: 8, commitment: 0.25, entropy: .init(weight: 0, temperature: 0.1)),
      nestedDropout: .init(least: 4, probability: 0.2), ropeBase: 10_000)
    let images = Tensor.uniform([2, 16, 16, 3], key: RandomKey(seed: 4, purpose: .test))
    expectNear(
      { scope in
        let model = ResTok(configuration, in: scope)
        return { tape in
          let output = model(images, keepCounts: nil, globalSampleCount: 2, on: tape)
          return squaredError(
            output.reconstruction, Variable(constant: images, on: tape), scale: 1e-3)
        }
      }, tolerance: 5e-2)
  }
}
