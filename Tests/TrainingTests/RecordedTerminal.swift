import Synchronization
import Training

/// A terminal, or a file, that keeps what is written to it.
final class RecordedTerminal: Sendable {
  private let recorded = Mutex("")

  var text: String { recorded.withLock { $0 } }

  func output(isTerminal: Bool, width: Int = 80) -> TerminalOutput {
    TerminalOutput(isTerminal: isTerminal, width: { width }) { text in
      self.recorded.withLock { $0 += text }
    }
  }
}
