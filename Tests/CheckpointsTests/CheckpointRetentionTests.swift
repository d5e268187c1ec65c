import ArrayFiles
import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("Checkpoints: only what two sound ones outlive is removed")
struct CheckpointRetentionTests {
  /// A store of so many checkpoints.
  private func withStore(_ count: Int, _ body: (CheckpointStore) throws -> Void) throws {
    try withTemporaryDirectory { root in
      let store = CheckpointStore(root: root)
      for step in 1...count { try store.write(step: step) }
      try body(store)
    }
  }

  private func steps(_ store: CheckpointStore) -> [Int] {
    (1...9).filter { FileSystem.isDirectory(store.directory(step: $0)) }
  }

  @Test(arguments: [(1, [5, 6]), (2, [5, 6]), (3, [4, 5, 6]), (9, [1, 2, 3, 4, 5, 6])])
  func keepsTheNewest(count: Int, expected: [Int]) throws {
    try withStore(6) { store in
      let removed = try store.prune(keep: count)
      #expect(steps(store) == expected)
      #expect(
        removed == (1...6).filter { !expected.contains($0) }.map { store.directory(step: $0) })
    }
  }

  @Test func damagedOnesDoNotCount() throws {
    try withStore(6) { store in
      for step in [4, 6] { try overwrite(store.directory(step: step) + "/model.h5", [1]) }
      try store.prune(keep: 2)
      // 5 and 3 are the two newest sound ones; the damaged ones among them are left to be looked at.
      #expect(steps(store) == [3, 4, 5, 6])
    }
  }

  @Test func theLastSoundOneStays() throws {
    try withStore(4) { store in
      for step in 2...4 { try overwrite(store.directory(step: step) + "/manifest.json", [1]) }
      #expect(try store.prune(keep: 1) == [])
      #expect(try latestStep(store.root) == 1)
    }
  }

  @Test(arguments: [CheckpointStage.retired, .removed])
  func anInterruptedRemoval(stage: CheckpointStage) throws {
    try withStore(4) { store in
      let failing = CheckpointStore(root: store.root) { if $0 == stage { throw Interruption() } }
      #expect(throws: Interruption.self) { try failing.prune(keep: 2) }
      #expect(steps(store) == [2, 3, 4])
      #expect(try store.latest().rejected.isEmpty)
      try store.prune(keep: 2)
      #expect(steps(store) == [3, 4])
      try store.removeTemporaries()
      #expect(try FileSystem.names(in: store.root).count == 2)
    }
  }
}
