import ArrayFiles
import Checkpoints
import Foundation
import TestSupport
import Testing

/// Counts the stages that a failpoint has seen.
final class StageCounter: @unchecked Sendable {
  private let lock = NSLock()
  private var stages: [CheckpointStage] = []

  /// Notes a stage and returns how many came before it.
  func note(_ stage: CheckpointStage) -> Int {
    lock.withLock {
      stages.append(stage)
      return stages.count - 1
    }
  }

  var seen: [CheckpointStage] { lock.withLock { stages } }
}

/// All stages of writing the small training state, in order.
let writingStages: [CheckpointStage] = [
  .directoryCreated,
  .tensorWritten(file: "model.h5", tensor: "encoder.blocks.0.weight"),
  .tensorWritten(file: "model.h5", tensor: "encoder.blocks.0.bias"),
  .tensorWritten(file: "model.h5", tensor: "scale"),
  .fileClosed(file: "model.h5"),
  .tensorWritten(file: "optimizer.h5", tensor: "encoder.blocks.0.weight"),
  .tensorWritten(file: "optimizer.h5", tensor: "empty"),
  .fileClosed(file: "optimizer.h5"),
  .manifestWritten, .synchronized, .renamed, .rootSynchronized, .verified,
]

/// The first stage at which the new checkpoint is there.
let renamedStage = 10

@Suite("Checkpoints: no failure at any stage loses anything")
struct CheckpointCrashTests {
  @Test func theStages() throws {
    try withTemporaryDirectory { root in
      let counter = StageCounter()
      try CheckpointStore(root: root) { _ = counter.note($0) }.write(step: 1)
      #expect(counter.seen == writingStages)
      #expect(writingStages[renamedStage] == .renamed)
    }
  }

  private func checkFailures(throwing error: any Error & Sendable) throws {
    for index in writingStages.indices {
      try withTemporaryDirectory { root in
        let store = CheckpointStore(root: root)
        let old = try store.write(step: 1).directory
        let content = try contents(of: old)
        let counter = StageCounter()
        let failing = CheckpointStore(root: root) {
          if counter.note($0) == index { throw error }
        }
        #expect(throws: (any Error).self) { try failing.write(step: 2) }

        #expect(try contents(of: old) == content)
        let latest = try store.latest()
        #expect(latest.checkpoint?.manifest.step == (index < renamedStage ? 1 : 2))
        #expect(latest.rejected.isEmpty)
        #expect(try !FileSystem.names(in: root).contains { $0.hasPrefix("tmp-") })
        // Training goes on, and the next save works.
        try store.write(step: 2)
        #expect(try latestStep(root) == 2)
      }
    }
  }

  @Test func aThrownErrorAtEveryStage() throws {
    try checkFailures(throwing: Interruption())
  }

  @Test func aFullDiskAtEveryStage() throws {
    try checkFailures(throwing: FileError(operation: "write", path: "disk", code: ENOSPC))
  }

  @Test(arguments: writingStages.indices)
  func aKillAtEveryStage(index: Int) async throws {
    let root = NSTemporaryDirectory() + "/test-" + UUID().uuidString
    defer { try? FileSystem.remove(root) }
    let old = try CheckpointStore(root: root).write(step: 1).directory
    let content = try contents(of: old)
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [root = root as String, index = index as Int] in
      let counter = StageCounter()
      let failing = CheckpointStore(root: root) {
        if counter.note($0) == index { kill(getpid(), SIGKILL) }
      }
      try failing.write(step: 2)
    }
    #expect(try contents(of: old) == content)
    let latest = try CheckpointStore(root: root).latest()
    #expect(latest.checkpoint?.manifest.step == (index < renamedStage ? 1 : 2))
    #expect(latest.rejected.isEmpty)
    #expect(
      try FileSystem.names(in: root).filter { $0.hasPrefix("tmp-") }.count
        == (index < renamedStage ? 1 : 0))
    try CheckpointStore(root: root).write(step: 2)
    #expect(try FileSystem.names(in: root) == ["step-000000001", "step-000000002"])
  }

  @Test func aDamagedOneIsReplacedWithoutLoss() throws {
    // Writing over a damaged step 2 fails after that was moved aside: step 1 is still there.
    try withTemporaryDirectory { root in
      let store = CheckpointStore(root: root)
      try store.write(step: 1)
      try overwrite(try store.write(step: 2).directory + "/model.h5", [0])
      let failing = CheckpointStore(root: root) {
        if $0 == .damagedMovedAside { throw Interruption() }
      }
      #expect(throws: Interruption.self) { try failing.write(step: 2) }
      #expect(try latestStep(root) == 1)
      try store.write(step: 2)
      #expect(try latestStep(root) == 2)
      #expect(try FileSystem.names(in: root) == ["step-000000001", "step-000000002"])
    }
  }

  @Test func damageBetweenWritingAndReadingBack() throws {
    try withTemporaryDirectory { root in
      let store = CheckpointStore(root: root)
      try store.write(step: 1)
      let failing = CheckpointStore(root: root) {
        if $0 == .rootSynchronized { try overwrite(store.directory(step: 2) + "/model.h5", [1]) }
      }
      #expect(throws: CheckpointError.self) { try failing.write(step: 2) }
      let latest = try store.latest()
      #expect(latest.checkpoint?.manifest.step == 1)
      #expect(latest.rejected.count == 1)
    }
  }

  @Test func aRealLimitOfSpace() async {
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      try withTemporaryDirectory { root in
        let store = CheckpointStore(root: root)
        try store.write(step: 1)
        let big = NamedArray(
          name: "big", shape: [500_000], elements: (0..<500_000).map { Float($0) })
        // 1 is RLIMIT_FSIZE, a macro of an enumeration that is not imported as a number.
        var limit = rlimit()
        #expect(getrlimit(__rlimit_resource_t(1), &limit) == 0)
        let unlimited = limit.rlim_cur
        limit.rlim_cur = 300_000
        #expect(setrlimit(__rlimit_resource_t(1), &limit) == 0)
        let error = try #require(throws: HDF5Error.self) {
          try store.write(step: 2, description: description, files: ["model.h5": [big]])
        }
        #expect(error.file.hasSuffix("model.h5"))
        #expect(try latestStep(root) == 1)
        #expect(try FileSystem.names(in: root) == ["step-000000001"])
        // Nothing keeps the removed file, and so its space.
        let open = try FileSystem.names(in: "/proc/self/fd").compactMap {
          try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0)
        }
        #expect(open.filter { $0.hasPrefix(root) }.isEmpty)

        limit.rlim_cur = unlimited
        #expect(setrlimit(__rlimit_resource_t(1), &limit) == 0)
        try store.write(step: 2, description: description, files: ["model.h5": [big]])
        #expect(try latestStep(root) == 2)
      }
    }
  }
}
