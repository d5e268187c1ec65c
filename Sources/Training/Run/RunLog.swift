import ArrayFiles
package import Foundation
public import Logging
import Synchronization

/// The messages of a process, each as a line `time level message` in a file and on the terminal.
///
/// Nothing in it is global: a `Logger` made here is passed on as a value. May be used from several
/// threads.
public final class RunLog: Sendable {
  /// The terminal that the lines also go to.
  public let terminal: TerminalOutput
  private let path: String?
  private let file: Mutex<LineFile?>
  private let now: @Sendable () -> Date

  /// Opens a log.
  ///
  /// - Parameters:
  ///   - path: The file to append to; nil for messages on the terminal only.
  ///   - terminal: Where the lines are shown.
  /// - Throws: `FileError` when the file cannot be opened.
  public convenience init(path: String?, terminal: TerminalOutput = .standardError()) throws {
    try self.init(path: path, terminal: terminal, now: { Date() })
  }

  /// Opens a log with a clock of its own.
  package init(path: String?, terminal: TerminalOutput, now: @escaping @Sendable () -> Date) throws
  {
    self.path = path
    self.terminal = terminal
    self.now = now
    file = Mutex(try path.map { try LineFile(path: $0) })
  }

  /// A logger that writes here.
  ///
  /// - Parameters:
  ///   - label: Whose messages they are; not shown.
  ///   - level: The least level that is written.
  /// - Returns: The logger.
  public func logger(label: String = "restok", level: Logger.Level = .info) -> Logger {
    Logger(label: label) { _ in RunLogHandler(log: self, logLevel: level) }
  }

  /// Writes a message to the file and to the terminal.
  ///
  /// - Parameters:
  ///   - message: The text; further lines of it are indented.
  ///   - level: Its level.
  public func write(_ message: String, level: Logger.Level) {
    let line = Self.line(message, level: level, time: now())
    writeToFile(line)
    terminal.write(line)
  }

  /// Writes the error that ends the run to the file; on the terminal the program itself says it.
  public func writeEnd(_ error: any Error) {
    writeToFile(Self.line("\(error)", level: .error, time: now()))
  }

  /// Writes a line about the progress: to the file, and to what is shown unless it is a terminal,
  /// which has a status line for that.
  public func writeProgress(_ message: String) {
    let line = Self.line(message, level: .info, time: now())
    writeToFile(line)
    if !terminal.isTerminal { terminal.write(line) }
  }

  /// A line of the log, with the time in UTC.
  package static func line(_ message: String, level: Logger.Level, time: Date) -> String {
    let text = message.split(separator: "\n", omittingEmptySubsequences: false)
      .joined(separator: "\n    ")
    return "\(time.formatted(.iso8601)) \(level.rawValue) \(VisibleText.lines(text))"
  }

  /// Tries once more to write what the disk has refused, and says what is lost.
  public func finish() {
    let lostLineCount = file.withLock { file in
      defer { file = nil }
      return file?.finish() ?? 0
    }
    guard lostLineCount > 0, let path else { return }
    say("\(lostLineCount) messages are lost: the disk did not take them for \(path)", .error)
  }

  /// A message must not end the run: one that the disk refuses goes with the next one.
  private func writeToFile(_ line: String) {
    guard let path else { return }
    switch file.withLock({ $0?.append(line) }) {
    case .failing(let error): say("messages for \(path) wait in memory: \(error)", .error)
    case .recovered(let count): say("\(path) has the \(count) messages that waited", .notice)
    case nil: break
    }
  }

  private func say(_ message: String, _ level: Logger.Level) {
    terminal.write(Self.line(message, level: level, time: now()))
  }
}

/// Writes the messages of a logger to a `RunLog`.
struct RunLogHandler: LogHandler {
  let log: RunLog
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }
      .merging(event.metadata ?? [:]) { $1 }
    let pairs = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    log.write(event.message.description + pairs, level: event.level)
  }
}
