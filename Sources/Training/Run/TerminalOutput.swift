import ArrayFiles
import Foundation
import Synchronization

/// Lines for a person: on a terminal with one status line below them that rewrites itself, in a file
/// or a pipe plain lines without control characters.
public final class TerminalOutput: Sendable {
  /// Whether a status line is shown.
  public let isTerminal: Bool
  private let width: @Sendable () -> Int
  private let output: @Sendable (String) -> Void
  private let status = Mutex("")

  private static let clearLine = "\r\u{1B}[K"

  /// The standard error of the process, so that the standard output stays clean.
  public static func standardError() -> TerminalOutput {
    TerminalOutput(
      isTerminal: isatty(STDERR_FILENO) == 1, width: { terminalWidth(of: STDERR_FILENO) },
      output: { StandardStream.error.writeIfPossible($0) })
  }

  /// An output of any kind.
  ///
  /// - Parameters:
  ///   - isTerminal: Whether control characters are understood.
  ///   - width: The number of columns at the moment.
  ///   - output: Takes text.
  package init(
    isTerminal: Bool, width: @escaping @Sendable () -> Int,
    output: @escaping @Sendable (String) -> Void
  ) {
    self.isTerminal = isTerminal
    self.width = width
    self.output = output
  }

  /// Writes a line; the status line moves down.
  public func write(_ line: String) {
    let line = VisibleText.lines(line)
    status.withLock { status in
      output(status.isEmpty ? line + "\n" : Self.clearLine + line + "\n" + status)
    }
  }

  /// Replaces the status line; does nothing where there is no terminal.
  ///
  /// - Parameter text: Makes the line for a number of columns; a longer one is cut off.
  public func show(_ text: (_ width: Int) -> String) {
    guard isTerminal else { return }
    // The last column stays free: some terminals begin a new line when it is written.
    let columnCount = max(1, width() - 1)
    let line = String(VisibleText.name(text(columnCount)).prefix(columnCount))
    status.withLock { status in
      status = line
      output(Self.clearLine + line)
    }
  }

  /// Removes the status line.
  public func clear() {
    status.withLock { status in
      if !status.isEmpty { output(Self.clearLine) }
      status = ""
    }
  }
}

/// The columns of a terminal; 80 where it does not say.
private func terminalWidth(of descriptor: Int32) -> Int {
  var size = winsize()
  guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
  return Int(size.ws_col)
}
