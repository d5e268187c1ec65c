import Foundation

/// A thread that takes the signals of the process, so that no other one has to.
///
/// Threads that compute must never handle a signal: oneDNN's generated products keep numbers farther
/// below the stack pointer than the 128 bytes that the frame of a handler leaves alone, so that one in
/// the middle of a product would make it write anywhere. So the signals are blocked in the thread that
/// starts this and in every thread that comes of it, and one thread that does nothing else takes them.
/// `sigwait` there would not do: a library may have made threads before `main` that block nothing, as
/// OpenBLAS does, and a signal that the system hands to one of those, which are idle here, would end
/// the process if there were no handler.
package enum SignalThread {
  /// Blocks signals in the calling thread, installs a handler for them, and starts the thread.
  ///
  /// - Parameters:
  ///   - name: The name of the thread.
  ///   - signals: The signals.
  ///   - leavingIgnored: Whether a signal that is ignored stays so; SIGHUP always does, or `nohup`
  ///     would have no effect.
  ///   - handler: The handler, in which nothing may allocate, lock or print.
  ///   - body: What the thread does.
  package static func start(
    name: String, handling signals: [Int32], leavingIgnored: Bool = false,
    _ handler: @escaping @convention(c) (Int32) -> Void, _ body: @escaping @Sendable () -> Void
  ) {
    let handled = signals.filter { !(($0 == SIGHUP || leavingIgnored) && isIgnored($0)) }
    setMask(SIG_BLOCK, handled)
    for signal in handled {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = handler
      action.sa_flags = SA_RESTART
      sigemptyset(&action.sa_mask)
      let status = sigaction(signal, &action, nil)
      precondition(status == 0, "signal \(signal) cannot be handled, errno \(errno)")
    }
    let listener = Thread {
      setMask(SIG_UNBLOCK, handled)
      body()
    }
    listener.name = name
    listener.start()
  }

  /// Whether the process was started, or told since, to ignore a signal.
  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(signal, nil, &action) == 0 else { return false }
    let ignored = unsafeBitCast(SIG_IGN, to: Int.self)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == ignored
  }

  /// Blocks or unblocks signals in the calling thread.
  private static func setMask(_ change: Int32, _ signals: [Int32]) {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    let status = pthread_sigmask(change, &set, nil)
    precondition(status == 0, "pthread_sigmask failed with \(status)")
  }
}
