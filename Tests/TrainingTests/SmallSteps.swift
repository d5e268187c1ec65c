import Autodiff
import Checkpoints
import Configurations
import HierarchicalGenerator
import Optimizers
import ResidualTokenizer
import Tensors
import TestSupport

/// Training steps of a model of `Configs/smoke` on made-up samples.
struct SmallSteps {
  let arena = ParameterArena()
  private let state: OptimizerState
  private let optimizer: AdamW
  private let loss: (Tape) -> Variable

  init(_ kind: CheckpointManifest.Kind, operandType: ElementType = .float32) throws {
    var numbers = TestNumbers(seed: 9)
    let scope = ParameterScope(arena)
    switch kind {
    case .tokenizer:
      let model = ResTok(try SmallRuns(folder: "runs").tokenizer().model, in: scope)
      let images = numbers.tensor([2, 32, 32, 3], in: 0..<1)
      loss = { Self.loss(model, images, $0) }
    case .generator:
      let model = Generator(try SmallRuns(folder: "runs").generator().model, in: scope)
      let tokens = (0..<48).map { _ in Int32(numbers.next() % 64) }
      loss = { Self.loss(model, Tensor(tokens, shape: [3, 16]), $0) }
    }
    arena.allocate(forTraining: true, operandType: operandType)
    arena.initialize(seed: 2)
    // A new generator's last map is zero, and so would be the gradients of all before it.
    if let last = arena["output.weight"] {
      last.value.buffer.copy(from: numbers.tensor(last.shape, in: -0.1..<0.1).buffer)
    }
    arena.refreshOperands()
    state = OptimizerState(for: arena)
    optimizer = AdamW(AdamW.Configuration(), for: arena)
  }

  private static func loss(_ model: ResTok, _ images: Tensor, _ tape: Tape) -> Variable {
    let output = model(images, keepCounts: [5, 16], globalSampleCount: 2, on: tape)
    let error = squaredError(
      output.reconstruction, Variable(constant: images, on: tape), scale: 1 / Float(images.count))
    return weightedSum([(error, 1), (output.commitmentLoss, 1), (output.codebookLoss, 1)])
  }

  private static func loss(_ model: Generator, _ tokens: Tensor, _ tape: Tape) -> Variable {
    let logits = model(
      tokens: tokens, labels: Tensor([3, 10, 7] as [Int32], shape: [3]),
      key: RandomKey(seed: 4, purpose: .dropout), on: tape)
    return crossEntropy(logits, targets: tokens, scale: 1 / 48).loss
  }

  /// The bits of the gradients of one step.
  func gradientBits(recomputesBlocks: Bool) -> [UInt32] {
    let tape = arena.makeTape(isRecording: true, recomputesBlocks: recomputesBlocks)
    tape.backward(from: loss(tape), into: arena)
    return arena.gradients.array(of: Float.self).map(\.bitPattern)
  }

  /// Takes steps as the training loop does.
  func take(_ count: Int, recomputesBlocks: Bool) {
    var state = state
    for _ in 0..<count {
      _ = arena.renewGradients()
      let tape = arena.makeTape(isRecording: true, recomputesBlocks: recomputesBlocks)
      tape.backward(from: loss(tape), into: arena)
      optimizer.step(arena, state: &state, rate: 1e-3)
    }
  }
}
