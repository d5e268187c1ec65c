import Checkpoints
import Configurations
import Kernels
import MessagePassing
import Testing
import Training

@Suite struct StepMemoryTests {
  @Test(
    arguments: [CheckpointManifest.Kind.tokenizer, .generator], [false, true])
  func recomputedBlocksGiveTheSameBits(
    kind: CheckpointManifest.Kind, isMixed: Bool
  ) throws {
    let steps = try SmallSteps(kind, operandType: isMixed ? .bfloat16 : .float32)
    let kept = steps.gradientBits(recomputesBlocks: false)
    for parameter in steps.arena.parameters {
      #expect(kept[parameter.range].contains { $0 << 1 != 0 }, "\(parameter.name)")
    }
    #expect(steps.gradientBits(recomputesBlocks: true) == kept)
  }

  /// The pool counts for the whole process, so that this runs in processes of its own.
  @Test(arguments: [CheckpointManifest.Kind.tokenizer, .generator], [false, true])
  func laterStepsTakeNothingFromTheSystem(
    kind: CheckpointManifest.Kind, recomputesBlocks: Bool
  ) async {
    await #expect(processExitsWith: .success) {
      [isTokenizer = (kind == .tokenizer) as Bool, recomputesBlocks = recomputesBlocks as Bool] in
      // With more threads, how many of them need scratch memory at once is a matter of chance.
      setThreadCount(1)
      let steps = try SmallSteps(isTokenizer ? .tokenizer : .generator)
      steps.take(2, recomputesBlocks: recomputesBlocks)
      let before = StorageStatistics.current
      steps.take(2, recomputesBlocks: recomputesBlocks)
      let after = StorageStatistics.current
      #expect(
        after.systemAllocationCount == before.systemAllocationCount
          && after.systemByteCount == before.systemByteCount
          && after.liveByteCount == before.liveByteCount, "\(before), then \(after)")
    }
  }

  @Test(arguments: ["tokenizer", "generator"])
  func theKeyRecomputeLowersTheStepsPeak(kind: String) async {
    await #expect(processExitsWith: .success) { [kind = kind as String] in
      func peak(_ choice: String) throws -> Int {
        let rehearsal = try Rehearsal(
          configurationPath: SmallRuns.configurations + "/\(kind).yaml",
          overrides: ["recompute=\(choice)"], batchSize: 16, precision: .float32)
        _ = try StepBenchmark(rehearsal, stepCount: 1, warmupCount: 0).run(.single())
        return StorageStatistics.current.peakByteCount
      }
      let (recomputed, kept) = (try peak("blocks"), try peak("none"))
      #expect(recomputed * 10 < kept * 9, "\(recomputed) bytes against \(kept)")
    }
  }
}
