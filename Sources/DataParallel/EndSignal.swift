import Foundation
import Kernels
import Synchronization

/// The end of a command by a signal: SIGINT, SIGTERM, SIGHUP or SIGUSR1.
///
/// A command that is not a training has nothing to save; but what it was writing aside is to go. The
/// signal ends it at once, after a last act, with the status 128 + signal that a shell gives a program
/// that a signal ended. `StopSignal` takes the place of this in a training.
public enum EndSignal {
  /// Begins to listen.
  ///
  /// Called on the main thread before anything that makes threads: those that compute must not handle
  /// a signal (see `StopSignal`). A signal that the process was told to ignore, as `nohup` does, stays
  /// ignored.
  ///
  /// - Parameter lastAct: Runs on a thread of its own, while others may still work; then the process
  ///   ends.
  public static func install(_ lastAct: @escaping @Sendable () -> Void) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return }
    let (readEnd, writeEnd) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    signalPipe.store(writeEnd, ordering: .releasing)
    SignalThread.start(
      name: "ending", handling: [SIGINT, SIGTERM, SIGHUP, SIGUSR1], leavingIgnored: true, noteEnd
    ) {
      var number: UInt8 = 0
      while read(readEnd, &number, 1) != 1 {}
      isEnding.store(true, ordering: .releasing)
      lastAct()
      _exit(128 + Int32(number))
    }
  }

  /// Returns at once, or never when a signal is ending the process.
  ///
  /// For the end of a command: one that fails because the last act took its files away has nothing to say
  /// about that.
  public static func holdWhileEnding() {
    while isEnding.load(ordering: .acquiring) { sleep(1) }
  }
}

/// Whether a signal has come.
private let isEnding = Atomic<Bool>(false)

/// The end of the pipe that the handler writes to.
private let signalPipe = Atomic<Int32>(-1)

/// The handler: nothing in it allocates, locks or prints.
private func noteEnd(_ signal: Int32) {
  let error = errno
  var number = UInt8(truncatingIfNeeded: signal)
  _ = write(signalPipe.load(ordering: .acquiring), &number, 1)
  errno = error
}
