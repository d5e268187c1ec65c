import DataParallel
import Foundation
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
