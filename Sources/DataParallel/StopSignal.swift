import Foundation
import Kernels
import Synchronization

/// The wish to stop that reaches a process as a signal: SIGINT, SIGTERM or SIGUSR1.
///
/// The signal only leaves a note. The loop reads it once a step and hands it to the control
/// reduction, so that all ranks stop after the same step, save and exit. Who presses Ctrl-C twice
/// does not want to wait: a second SIGINT exits at once with code 130.
public struct StopSignal: Sendable {
  private init() {}

  /// Begins to listen; signals are the whole process's, so every value listens to the same ones.
  ///
  /// Called on the main thread, which the system hands them to, and which computes: see
  /// ``useSignalStack()``.
  public static func install() -> StopSignal {
    useSignalStack()
    // Touching them once makes sure that the handler never has to create them.
    _ = receivedSignal.load(ordering: .relaxed)
    _ = interruptCount.load(ordering: .relaxed)
    var action = sigaction()
    action.__sigaction_handler.sa_handler = noteSignal
    action.sa_flags = SA_RESTART | SA_ONSTACK
    sigemptyset(&action.sa_mask)
    for signal in [SIGINT, SIGTERM, SIGUSR1] {
      let status = sigaction(signal, &action, nil)
      precondition(status == 0, "StopSignal: signal \(signal) cannot be handled, errno \(errno)")
    }
    return StopSignal()
  }

  /// Whether any of the signals has come.
  public var isRequested: Bool { receivedSignal.load(ordering: .acquiring) != 0 }

  /// The signal that came first, for the log.
  public var name: String? {
    switch receivedSignal.load(ordering: .acquiring) {
    case SIGINT: "SIGINT"
    case SIGTERM: "SIGTERM"
    case SIGUSR1: "SIGUSR1"
    default: nil
    }
  }
}

/// The first signal that came, 0 for none.
///
/// Lock-free atomics are all that a signal handler may touch.
private let receivedSignal = Atomic<Int32>(0)

/// How often SIGINT came.
private let interruptCount = Atomic<Int>(0)

/// The handler: nothing in it allocates, locks or prints.
private func noteSignal(_ signal: Int32) {
  _ = receivedSignal.compareExchange(
    expected: 0, desired: signal, ordering: .acquiringAndReleasing)
  guard signal == SIGINT else { return }
  if interruptCount.wrappingAdd(1, ordering: .relaxed).newValue > 1 { _exit(130) }
}
