import Autodiff
import DataParallel
import Foundation
import Kernels
import Synchronization
import Tensors
import Testing

/// Each in a process of its own, because signals are the whole process's.
struct StopSignalTests {
  /// Sends this process a signal as the system would, to whichever thread takes it, and waits for
  /// what must follow; a process in which it does not follow fails.
  private static func send(_ signal: Int32, until hasFollowed: () -> Bool) {
    kill(getpid(), signal)
    for _ in 0..<10_000 {
      if hasFollowed() { return }
      usleep(1000)
    }
    exit(1)
  }

  @Test func theFirstSignalIsNoted() async {
    await #expect(processExitsWith: .success) {
      let stop = StopSignal.install()
      guard !stop.isRequested, stop.name == nil else { exit(1) }
      Self.send(SIGUSR1) { stop.isRequested }
      kill(getpid(), SIGTERM)
      exit(stop.name == "SIGUSR1" ? 0 : 1)
    }
  }

  /// The end of a terminal lets a run save; `nohup` keeps the run from hearing of it.
  @Test func theEndOfTheTerminalIsAWishUnlessIgnored() async {
    await #expect(processExitsWith: .success) {
      let stop = StopSignal.install()
      Self.send(SIGHUP) { stop.name == "SIGHUP" }
      exit(0)
    }
    await #expect(processExitsWith: .success) {
      signal(SIGHUP, SIG_IGN)
      let stop = StopSignal.install()
      kill(getpid(), SIGHUP)
      usleep(50_000)
      exit(stop.isRequested ? 1 : 0)
    }
  }

  /// Commands that have nothing to save end at once, after a last act on what they were writing.
  @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGUSR1])
  func anEndIsPrecededByTheLastAct(number: Int32) async {
    let path = NSTemporaryDirectory() + "/test-" + UUID().uuidString
    await #expect(processExitsWith: .exitCode(128 + number)) {
      [number = number as Int32, path = path as String] in
      Self.unblockSignals()
      EndSignal.install { close(creat(path, 0o600)) }
      Self.send(number) { false }
    }
    #expect(FileManager.default.fileExists(atPath: path))
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Thousands of signals to the very thread that multiplies, many of them within a deep product, where
  /// a handler on that thread's stack would end the process.
  @Test func signalsLeaveProductsAlone() async {
    await #expect(processExitsWith: .success) {
      // As the main thread is; those of the concurrency runtime block all signals.
      Self.unblockSignals()
      _ = StopSignal.install()
      let multiply = Self.product()
      let expected = multiply()
      let receiver = pthread_self()
      let sender = Thread {
        while true {
          pthread_kill(receiver, SIGUSR1)
          usleep(20)
        }
      }
      sender.start()
      for _ in 0..<4_000 where multiply() != expected { exit(1) }
      exit(0)
    }
  }

  /// What computes beside the thread that installs it blocks the signals too.
  @Test func threadsOfParallelLoopsBlockTheSignals() async {
    await #expect(processExitsWith: .success) {
      Self.unblockSignals()
      guard !Self.blocksSignals() else { exit(2) }
      _ = StopSignal.install()
      setThreadCount(4)
      let callCount = Atomic(0)
      let blockedCount = Atomic(0)
      parallelFor(4) { _ in
        callCount.add(1, ordering: .relaxed)
        if Self.blocksSignals() { blockedCount.add(1, ordering: .relaxed) }
      }
      let isSo = blockedCount.load(ordering: .relaxed) == 4
      exit(isSo && callCount.load(ordering: .relaxed) == 4 ? 0 : 1)
    }
  }

  /// Whether the calling thread blocks all of the signals.
  private static func blocksSignals() -> Bool {
    var mask = sigset_t()
    pthread_sigmask(SIG_BLOCK, nil, &mask)
    return [SIGINT, SIGTERM, SIGUSR1].allSatisfy { sigismember(&mask, $0) == 1 }
  }

  private static func unblockSignals() {
    var signals = sigset_t()
    sigfillset(&signals)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// A product that takes oneDNN's deepest kernels, on all threads.
  private static func product() -> () -> [Float] {
    let tape = Tape(isRecording: false)
    func variable(_ shape: [Int]) -> Variable {
      let numbers = (0..<shape.reduce(1, *)).map { Float($0 % 17) - 8 }
      return Variable(constant: Tensor(numbers, shape: shape), on: tape)
    }
    let (x, weight) = (variable([96, 1_024]), variable([32, 1_024]))
    return { linear(x, weight: weight).value.array(of: Float.self) }
  }

  @Test func oneInterruptIsAWishAndTwoAreAnOrder() async {
    await #expect(processExitsWith: .exitCode(130)) {
      let stop = StopSignal.install()
      Self.send(SIGINT) { stop.name == "SIGINT" }
      Self.send(SIGINT) { false }
    }
  }

  @Test func anInterruptAfterTermIsStillAWish() async {
    await #expect(processExitsWith: .exitCode(130)) {
      let stop = StopSignal.install()
      Self.send(SIGTERM) { stop.name == "SIGTERM" }
      kill(getpid(), SIGINT)
      usleep(50_000)
      Self.send(SIGINT) { false }
    }
  }
}
