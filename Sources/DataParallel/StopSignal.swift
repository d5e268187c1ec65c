import Foundation
import Kernels
import Synchronization

/// The wish to stop that reaches a process as a signal: SIGINT, SIGTERM, SIGUSR1, or SIGHUP,
/// which the end of a terminal sends.
///
/// The signal only leaves a note. The loop reads it once a step and hands it to the step's consensus,
/// so that all ranks stop after the same step, save and exit. Who presses Ctrl-C twice does not want
/// to wait: a second SIGINT exits at once with code 130.
///
/// Threads that compute never handle a signal, and must not: `SignalThread` says why.
public struct StopSignal: Sendable {
  private init() {}

  private static let signals = [SIGINT, SIGTERM, SIGUSR1, SIGHUP]

  /// Begins to listen; signals are the whole process's, so every value listens to the same ones.
  ///
  /// Called on the main thread before anything that makes threads: MPI, products, transports.
  public static func install() -> StopSignal {
    // Touching them once makes sure that the handler never has to create them.
    _ = receivedSignal.load(ordering: .relaxed)
    _ = interruptCount.load(ordering: .relaxed)
    SignalThread.start(name: "signals", handling: signals, noteSignal) {
      while true { pause() }
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
    case SIGHUP: "SIGHUP"
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
