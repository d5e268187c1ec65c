import Autodiff
import Benchmarks
import Configurations
import Foundation
import Kernels
import MessagePassing
import Tensors
import TestSupport
import Testing
import Training

@Suite struct StepMemoryTests {
  private static let configurations = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Configs/smoke").path

  /// The training of a model of `Configs/smoke` on made-up samples.
  private static func training(
    _ kind: String, _ precision: Precision = .float32, recompute: String
  ) throws -> RehearsedTraining {
    // Some tokens are always replaced, so that what replaces them has a gradient.
    let dropout = kind == "tokenizer" ? ["model.nested_dropout.probability=0.9"] : []
    let training = try RehearsedTraining(
      Rehearsal(
        configurationPath: configurations + "/\(kind).yaml",
        overrides: ["recompute=\(recompute)", "schedule.warmup=0"] + dropout, batchSize: 3,
        precision: precision), .single())
    // A new generator's last map is zero, and so would be the gradients of all before it.
    let arena = training.networks[0].arena
    if let last = arena["output.weight"] {
      var numbers = TestNumbers(seed: 9)
      last.value.buffer.copy(from: numbers.tensor(last.shape, in: -0.1..<0.1).buffer)
    }
    arena.refreshOperands()
    return training
  }

  @Test(arguments: ["tokenizer", "generator"], [Precision.float32, .bfloat16])
  func recomputedBlocksGiveTheSameBits(kind: String, precision: Precision) throws {
    let bits = try ["none", "blocks"].map { recompute in
      let training = try Self.training(kind, precision, recompute: recompute)
      try training.step(0)
      return training.networks[0].arena.gradients.array(of: Float.self).map(\.bitPattern)
    }
    let arena = try Self.training(kind, precision, recompute: "none").networks[0].arena
    for parameter in arena.parameters {
      #expect(bits[0][parameter.range].contains { $0 << 1 != 0 }, "\(parameter.name)")
    }
    #expect(bits[1] == bits[0])
  }

  /// The pool counts for the whole process, so that this runs in processes of its own.
  @Test(arguments: ["tokenizer", "generator"], ["none", "blocks"])
  func laterStepsTakeNothingFromTheSystem(kind: String, recompute: String) async {
    await #expect(processExitsWith: .success) {
      [kind = kind as String, recompute = recompute as String] in
      // With more threads, how many of them need scratch memory at once is a matter of chance.
      setThreadCount(1)
      let training = try Self.training(kind, recompute: recompute)
      for step in 0..<2 { try training.step(step) }
      let before = StorageStatistics.current
      for step in 2..<4 { try training.step(step) }
      let after = StorageStatistics.current
      #expect(
        after.systemAllocationCount == before.systemAllocationCount
          && after.systemByteCount == before.systemByteCount
          && after.liveByteCount == before.liveByteCount, "\(before), then \(after)")
    }
  }

  @Test(arguments: ["tokenizer", "generator"])
  func theKeyRecomputeLowersThePeak(kind: String) async {
    await #expect(processExitsWith: .success) { [kind = kind as String] in
      func peak(_ choice: String) throws -> Int {
        let rehearsal = try Rehearsal(
          configurationPath: Self.configurations + "/\(kind).yaml",
          overrides: ["recompute=\(choice)"], batchSize: 16, precision: .float32)
        _ = try StepBenchmark(rehearsal, stepCount: 1, warmupCount: 0).run(.single())
        return StorageStatistics.current.peakByteCount
      }
      let (recomputed, kept) = (try peak("blocks"), try peak("none"))
      #expect(recomputed * 10 < kept * 9, "\(recomputed) bytes against \(kept)")
    }
  }
}
