import ArrayFiles
import Autodiff
import Checkpoints
import Dispatch
import Kernels
import Optimizers
import Synchronization
import Tensors
import TestSupport
import Testing

/// A training state, and what its checkpoint is to be.
private struct TestState {
  let arena: ParameterArena
  let arrays: NetworkArrays

  init(inputSize: Int = 4) {
    arena = makeArena(first: 0.1, inputSize: inputSize)
    arrays = NetworkArrays(name: "tokenizer", arena, makeState(of: arena))
  }

  var snapshot: TrainingSnapshot { TrainingSnapshot(of: [arrays]) }

  /// Bytes of all parameters in all arrays.
  var byteCount: Int { arrays.byteCount }

  /// Changes every element of all arrays, as the optimizer does.
  func change() {
    for kind in arrays.kinds {
      if let array = arrays[kind] { Kernels.fill(array.buffer, with: -77) }
    }
  }
}

/// Stops the thread that writes at one of its stages until it is told to go on.
private final class Stop: Sendable {
  private let stage: Int
  private let count = Mutex(0)
  private let isReached = DispatchSemaphore(value: 0)
  private let mayGoOn = DispatchSemaphore(value: 0)

  init(at stage: Int) { self.stage = stage }

  func pass() {
    let place = count.withLock { count in
      defer { count += 1 }
      return count
    }
    guard place == stage else { return }
    isReached.signal()
    mayGoOn.wait()
  }

  func waitUntilReached() { isReached.wait() }

  func goOn() { mayGoOn.signal() }
}

/// A checkpoint that is written on another thread.
private final class Writing: Sendable {
  private let group = DispatchGroup()
  private let result = Mutex<Result<String, any Error>?>(nil)

  init(_ snapshot: TrainingSnapshot, to store: CheckpointStore) {
    DispatchQueue.global().async(group: group) { [self] in
      let written = Result { try write(snapshot, to: store) }
      result.withLock { $0 = written }
    }
  }

  /// Waits for the end, and gives the checkpoint's directory.
  func directory() throws -> String {
    group.wait()
    return try #require(result.withLock { $0 }).get()
  }
}

@discardableResult
private func write(_ snapshot: TrainingSnapshot, to store: CheckpointStore) throws -> String {
  try store.write(step: 5, description: description, snapshot: snapshot).directory
}

@Suite("Training snapshots: written while the arrays change")
struct TrainingSnapshotTests {
  /// The files of a state that does not change.
  private func expectedFiles(_ state: TestState, in root: String) throws -> [String: [UInt8]] {
    let checkpoint = try CheckpointStore(root: root + "/expected").write(
      step: 5, description: description, networks: [state.arrays])
    return try contents(of: checkpoint.directory)
  }

  /// Stage 0: the directory is there; then three tensors and the end of each of four files.
  @Test(arguments: 0...16)
  func theFilesAreThoseOfTheBeginning(whenTheArraysChangeAt stage: Int) throws {
    try withTemporaryDirectory { root in
      let (state, stop) = (TestState(), Stop(at: stage))
      let expected = try expectedFiles(state, in: root)
      let snapshot = state.snapshot
      let writing = Writing(
        snapshot, to: CheckpointStore(root: root + "/written") { _ in stop.pass() })
      stop.waitUntilReached()
      #expect(snapshot.isSecured == (stage >= 15))
      snapshot.secure()
      #expect(snapshot.isSecured)
      state.change()
      stop.goOn()
      #expect(try contents(of: try writing.directory()) == expected)
    }
  }

  @Test func theFilesAreThoseOfTheBeginningWhoeverIsFaster() throws {
    try withTemporaryDirectory { root in
      for round in 0..<20 {
        let state = TestState(inputSize: 1000)
        let expected = try expectedFiles(state, in: root + "/\(round)")
        let snapshot = state.snapshot
        let writing = Writing(snapshot, to: CheckpointStore(root: root + "/\(round)/written"))
        // Without a copy it waits for the writer, and copies nothing.
        snapshot.secure(copyingAtMost: round % 3 == 0 ? 0 : .max)
        state.change()
        #expect(try contents(of: try writing.directory()) == expected)
      }
    }
  }

  @Test func copiesAreReleasedAsTheyAreWritten() async {
    await #expect(processExitsWith: .success) {
      try withTemporaryDirectory { root in
        let state = TestState(inputSize: 4096)
        let snapshot = state.snapshot
        let before = StorageStatistics.current.liveByteCount
        snapshot.secure()
        #expect(StorageStatistics.current.liveByteCount >= before + state.byteCount)
        let live = Mutex<[Int]>([])
        try write(
          snapshot,
          to: CheckpointStore(root: root) { stage in
            if case .tensorWritten(_, "map.weight") = stage {
              live.withLock { $0.append(StorageStatistics.current.liveByteCount) }
            }
          })
        let figures = live.withLock { $0 }
        #expect(figures.count == 4 && zip(figures, figures.dropFirst()).allSatisfy { $0 > $1 })
        #expect(StorageStatistics.current.liveByteCount == before)
      }
    }
  }

  @Test func whatMayNotBeCopiedIsWaitedFor() async {
    await #expect(processExitsWith: .success) {
      try withTemporaryDirectory { root in
        let state = TestState(inputSize: 4096)
        let snapshot = state.snapshot
        let before = StorageStatistics.current.peakByteCount
        let writing = Writing(snapshot, to: CheckpointStore(root: root))
        snapshot.secure(copyingAtMost: 0)
        #expect(snapshot.isSecured)
        state.change()
        _ = try writing.directory()
        // The writer's memory for the largest piece, and small ones.
        #expect(StorageStatistics.current.peakByteCount - before < state.byteCount / 3)
      }
    }
  }

  @Test(arguments: [true, false])
  func aFailedSaveReleasesEverything(isSecured: Bool) async {
    await #expect(processExitsWith: .success) { [isSecured = isSecured as Bool] in
      try withTemporaryDirectory { root in
        let state = TestState(inputSize: 4096)
        let snapshot = state.snapshot
        let before = StorageStatistics.current.liveByteCount
        if isSecured { snapshot.secure() }
        let error = FileError(operation: "write", path: "disk", code: 28)
        let store = CheckpointStore(root: root) { stage in
          if case .tensorWritten("tokenizer.ema.h5", _) = stage { throw error }
        }
        #expect(throws: error) { try write(snapshot, to: store) }
        #expect(StorageStatistics.current.liveByteCount == before)
        #expect(snapshot.isSecured)
        // Nobody waits for what will not be written, and nothing is copied for it.
        snapshot.secure(copyingAtMost: 0)
        #expect(StorageStatistics.current.liveByteCount == before)
        let left = try FileSystem.names(in: root)
        #expect(left == [])
      }
    }
  }

  @Test func aSnapshotIsWrittenOnce() async {
    await #expect(processExitsWith: .failure) {
      try withTemporaryDirectory { root in
        let snapshot = TestState().snapshot
        try write(snapshot, to: CheckpointStore(root: root))
        try write(snapshot, to: CheckpointStore(root: root))
      }
    }
  }
}
