import Foundation
import Synchronization

/// The standard output and the standard error of the process.
///
/// Writing never ends the process, whatever stands behind the stream: a full disk, a closed terminal,
/// a pipe that nobody reads.
public enum StandardStream: Int32, Sendable {
  /// The answer of a command.
  case output = 1
  /// Messages beside it.
  case error = 2

  private static let firstLoss = Mutex<FileError?>(nil)

  /// Makes the streams safe to write to; called once, before anything else is opened.
  ///
  /// A pipe without a reader becomes an error of the write. A stream that was closed is given a file
  /// that takes nothing, lest the next file that is opened get its number and the messages with it.
  public static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    // The limit of a file's size is an error of the write as well.
    signal(SIGXFSZ, SIG_IGN)
    for stream in [0, output.rawValue, error.rawValue] where fcntl(stream, F_GETFD) < 0 {
      // For reading: what is written there fails, as it would have.
      _ = open("/dev/null", O_RDONLY)
    }
  }

  /// Writes text as it is.
  ///
  /// - Throws: `FileError`; then a part may be written.
  public func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { text in
      var rest = UnsafeRawBufferPointer(text)
      while !rest.isEmpty {
        do {
          let count = try systemCall("write", on: name) {
            Foundation.write(rawValue, rest.baseAddress, rest.count)
          }
          rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        } catch let error as FileError where error.code == EAGAIN {
          // Somebody who shares the terminal has told it not to wait.
          var state = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
          poll(&state, 1, 1_000)
        }
      }
    }
  }

  /// Writes text as it is; what is lost is lost, but of the output `loss` tells it.
  public func writeIfPossible(_ text: String) {
    do {
      try write(text)
    } catch {
      guard self == .output, let error = error as? FileError else { return }
      Self.firstLoss.withLock { $0 = $0 ?? error }
    }
  }

  /// The first failure to write the output, which was the answer of the command; nil if there was none.
  public static var loss: FileError? { firstLoss.withLock { $0 } }

  private var name: String { self == .output ? "the standard output" : "the standard error" }
}
