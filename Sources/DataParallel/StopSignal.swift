import Foundation
import Synchronization

/// The wish to stop that reaches a process as a signal: SIGINT, SIGTERM or SIGUSR1.
///
/// The signal only leaves a note. The loop reads it once a step and hands it to the step's consensus,
/// so that all ranks stop after the same step, save and exit. Who presses Ctrl-C twice does not want
/// to wait: a second SIGINT exits at once with code 130.
///
/// Threads that compute never handle a signal. They must not: oneDNN's generated products keep
/// numbers farther below the stack pointer than the 128 bytes that the frame of a handler leaves
/// alone, so that one in the middle of a product would make it write anywhere. So the signals are
/// blocked in the thread that installs this and in every thread that comes of it, and one thread
/// that does nothing else takes them. `sigwait` there would not do: a library may have made threads
/// before `main` that block nothing, as OpenBLAS does, and a signal that the system hands to one of
/// those, which are idle here, would end the process if there were no handler.
public struct StopSignal: Sendable {
  private init() {}

  private static let signals = [SIGINT, SIGTERM, SIGUSR1]

  /// Begins to listen; signals are the whole process's, so every value listens to the same ones.
  ///
  /// Called on the main thread before anything that makes threads: MPI, products, transports.
  public static func install() -> StopSignal {
    // Touching them once makes sure that the handler never has to create them.
    _ = receivedSignal.load(ordering: .relaxed)
    _ = interruptCount.load(ordering: .relaxed)
    setMask(SIG_BLOCK)
    var action = sigaction()
    action.__sigaction_handler.sa_handler = noteSignal
    action.sa_flags = SA_RESTART
    sigemptyset(&action.sa_mask)
    for signal in signals {
      let status = sigaction(signal, &action, nil)
      precondition(status == 0, "StopSignal: signal \(signal) cannot be handled, errno \(errno)")
    }
    let listener = Thread {
      setMask(SIG_UNBLOCK)
      while true { pause() }
    }
    listener.name = "signals"
    listener.start()
    return StopSignal()
  }

  /// Blocks or unblocks the signals in the calling thread.
  private static func setMask(_ change: Int32) {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    let status = pthread_sigmask(change, &set, nil)
    precondition(status == 0, "StopSignal: pthread_sigmask failed with \(status)")
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
