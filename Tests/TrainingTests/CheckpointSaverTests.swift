import ArrayFiles
import Autodiff
import Checkpoints
import Foundation
import Kernels
import Logging
import Synchronization
import Tensors
import TestSupport
import Testing
import Training

@Suite("Saver: in the background, and nothing is left in the end")
struct CheckpointSaverTests {
  private let arena = ParameterArena()

  init() {
    _ = ParameterScope(arena).parameter("weight", [64, 32], .constant(1))
    arena.allocate(forTraining: false)
  }

  private func saver(
    _ root: String, deadline: Double = 60,
    failpoint: @escaping @Sendable (CheckpointStage) throws -> Void = { _ in }
  ) -> CheckpointSaver {
    CheckpointSaver(
      store: CheckpointStore(root: root, failpoint: failpoint),
      keptCount: 2, deadline: deadline,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  private func save(_ saver: CheckpointSaver, step: Int) throws {
    try saver.save(
      step: step,
      description: CheckpointDescription(
        kind: .tokenizer, configurationDigest: "", replicaDigest: "", pins: [:]),
      networks: [NetworkArrays(name: "tokenizer", arena: arena)])
  }

  @Test func everySaveIsOfItsMoment() throws {
    try withTemporaryDirectory { root in
      let saver = saver(root)
      for step in 1...4 {
        fill(arena.values.buffer, with: Float(step))
        try save(saver, step: step)
        try saver.secure()
      }
      fill(arena.values.buffer, with: -1)
      try saver.finish()
      #expect(!saver.isBusy)
      let checkpoints = try CheckpointStore(root: root).directories().map {
        try Checkpoint(directory: $0)
      }
      #expect(checkpoints.map(\.manifest.step) == [4, 3])
      for checkpoint in checkpoints {
        let weight = try checkpoint.read("weight", from: "tokenizer.model.h5")
        #expect(weight.elements.allSatisfy { $0 == Float(checkpoint.manifest.step) })
      }
    }
  }

  @Test func aFailedSaveIsKnownInTheEndUnlessTheNextOneWorks() throws {
    try withTemporaryDirectory { root in
      let error = FileError(operation: "write", path: "disk", code: 28)
      let isFull = Mutex(true)
      let saver = saver(root) { _ in if isFull.withLock({ $0 }) { throw error } }
      try save(saver, step: 1)
      #expect(throws: error) { try saver.finish() }
      #expect(!saver.isBusy)
      // There is nothing to wait for, nor to copy.
      try saver.secure()
      isFull.withLock { $0 = false }
      try save(saver, step: 2)
      try saver.finish()
      #expect(try FileSystem.names(in: root) == ["step-000000002"])
    }
  }

  /// A disk that does not answer holds nobody for longer than the deadline, whatever waits for it.
  @Test func aHungSaveEndsTheWaits() throws {
    try withTemporaryDirectory { root in
      let gate = Mutex(())
      let saver = saver(root, deadline: 0.2) { _ in gate.withLock { _ in } }
      let expected = TrainingError.saveTimeout(step: 7, seconds: 0.2, directory: root)
      try gate.withLock { _ in
        try save(saver, step: 7)
        // The writer has taken nothing, and nothing may be copied.
        #expect(throws: expected) { try saver.secure(copyingAtMost: 0) }
        #expect(throws: expected) { try save(saver, step: 8) }
        #expect(throws: expected) { try saver.finish() }
        #expect(saver.isBusy)
        let text = expected.description
        #expect(text.contains("step 7") && text.contains("0.2 s (deadlines.save)"))
        #expect(text.contains(root) && text.contains("start the same command again"))
      }
      // Once the disk answers again, nothing is lost.
      while saver.isBusy { usleep(1_000) }
      #expect(try FileSystem.names(in: root) == ["step-000000007"])
    }
  }
}
