import Autodiff
import DataParallel
import Foundation
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

  /// Thousands of signals to the very thread that multiplies, many of them within a deep product, which
  /// ends the process when the handler runs on that thread's own stack.
  @Test func signalsLeaveProductsAlone() async {
    await #expect(processExitsWith: .success) {
      _ = StopSignal.install()
      let tape = Tape(isRecording: false)
      func variable(_ shape: [Int]) -> Variable {
        let numbers = (0..<shape.reduce(1, *)).map { Float($0 % 17) - 8 }
        return Variable(constant: Tensor(numbers, shape: shape), on: tape)
      }
      let (x, weight) = (variable([96, 1_024]), variable([32, 1_024]))
      let expected = linear(x, weight: weight).value.array(of: Float.self)
      // The threads of the concurrency runtime take no signals unless they are told to.
      var signals = sigset_t()
      sigemptyset(&signals)
      sigaddset(&signals, SIGUSR1)
      pthread_sigmask(SIG_UNBLOCK, &signals, nil)
      let receiver = pthread_self()
      let sender = Thread {
        while true {
          pthread_kill(receiver, SIGUSR1)
          usleep(20)
        }
      }
      sender.start()
      for _ in 0..<4_000 where linear(x, weight: weight).value.array(of: Float.self) != expected {
        exit(1)
      }
      exit(0)
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
