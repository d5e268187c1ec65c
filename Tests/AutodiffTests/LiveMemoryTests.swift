import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

/// The pool counts for the whole process, so that each of these runs in a process of its own.
@Suite struct LiveMemoryTests {
  /// The bytes of an activation of `chain`.
  private static let activationByteCount = 64 * 1024 * 4

  /// Live bytes when the pullbacks of a chain of eight activations run, the last one's first.
  private static func liveByteCounts(recomputesBlocks: Bool) -> [Int] {
    final class Counts { var live: [Int] = [] }
    let counts = Counts()
    let tape = Tape(isRecording: true, recomputesBlocks: recomputesBlocks)
    func probe(_ x: Variable) -> Variable {
      let adjoint = x.adjoint
      return x.tape.record(x.value, from: [x]) {
        counts.live.append(StorageStatistics.current.liveByteCount)
        adjoint?.accumulate($0)
      }
    }
    func run() -> Variable {
      var x = Variable(input: Tensor(repeating: 0.5, shape: [64, 1024]), on: tape)
      for _ in 0..<8 { x = probe(tape.recomputing(x) { silu(silu(silu($0))) }) }
      return squaredError(
        x, Variable(constant: Tensor(repeating: 0, shape: x.shape), on: tape), scale: 1)
    }
    tape.backward(from: run())
    return counts.live
  }

  @Test func activationsGoWithTheirPullbacks() async {
    await #expect(processExitsWith: .success) {
      let live = Self.liveByteCounts(recomputesBlocks: false)
      #expect(live.count == 8)
      for (later, earlier) in zip(live, live.dropFirst()) {
        #expect(later - earlier == 3 * Self.activationByteCount, "\(live)")
      }
    }
  }

  @Test func recomputingKeepsOneActivationOfABlock() async {
    await #expect(processExitsWith: .success) {
      let live = Self.liveByteCounts(recomputesBlocks: true)
      #expect(live.count == 8)
      for (later, earlier) in zip(live, live.dropFirst()) {
        #expect(later - earlier == Self.activationByteCount, "\(live)")
      }
    }
  }
}
