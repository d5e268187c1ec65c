import ArrayFiles
import Foundation
public import Logging

/// The file `metrics.jsonl` of a run, one JSON object a line.
///
/// A resumed run ends with the same lines as one that was not interrupted, except for the figures of
/// the clock (`MetricsRecord.isWallClock`) and for a record of kind `codebook` that a stop by a signal cuts in
/// two. Not for several threads at once.
public final class MetricsLog {
  private let file: LineFile
  private let logger: Logger

  /// Opens the file to append to, and removes what a resumed run will write again.
  ///
  /// Removed are the lines of steps after the checkpoint and what is no line of this format, such as
  /// the half line that the death of a process leaves. The logger says how many.
  ///
  /// - Parameters:
  ///   - path: The file; it is made if it is not there.
  ///   - lastStep: The step of the checkpoint that training goes on from; nil for a fresh start,
  ///     which removes every line.
  ///   - logger: Gets a word about lines that are removed.
  /// - Throws: `FileError`; then the old file is as it was.
  public init(path: String, keepingThrough lastStep: Int?, logger: Logger) throws {
    let content = try Self.content(of: path)
    if !content.isEmpty {
      let text = String(decoding: content, as: UTF8.self)
      let kept = Self.keptLines(of: text, through: lastStep)
      if kept.laterCount > 0 {
        let start = lastStep.map { "step \($0)" } ?? "the start"
        logger.info("\(path): \(kept.laterCount) lines of steps after \(start) are removed")
      }
      if kept.damagedCount > 0 {
        logger.warning("\(path): \(kept.damagedCount) damaged or cut off lines are removed")
      }
      let keptText = kept.lines.map { $0 + "\n" }.joined()
      if keptText != text { try AtomicFile.write(Array(keptText.utf8), to: path) }
    }
    file = try LineFile(path: path)
    self.logger = logger
  }

  /// Appends a record as one line.
  ///
  /// Figures are no reason to end a run: a line that the disk refuses goes with the next one, which
  /// the logger is told.
  public func append(_ record: MetricsRecord) {
    switch file.append(record.line) {
    case .failing(let error): logger.error("lines for \(file.path) wait in memory: \(error)")
    case .recovered(let count): logger.notice("\(file.path) has the \(count) lines that waited")
    case nil: break
    }
  }

  /// Tries once more to write what the disk has refused, and says what is lost.
  public func finish() {
    let lostLineCount = file.finish()
    if lostLineCount > 0 {
      logger.error("\(lostLineCount) lines are lost: the disk did not take them for \(file.path)")
    }
  }

  /// The bytes of the file; none where there is no file.
  private static func content(of path: String) throws -> [UInt8] {
    do {
      return try FileSystem.bytes(of: path)
    } catch let error as FileError where error.isMissing {
      return []
    }
  }

  /// What stays of a file's text.
  struct KeptLines: Equatable {
    var lines: [String] = []
    var laterCount = 0
    var damagedCount = 0
  }

  static func keptLines(of text: String, through lastStep: Int?) -> KeptLines {
    struct Head: Decodable { var step: Int }
    var kept = KeptLines()
    // What follows the last line break is empty, or was cut off.
    // A file that went through an editor of another system may have \r\n, which is one character.
    var lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    if lines.removeLast().isEmpty == false { kept.damagedCount += 1 }
    for line in lines {
      guard let head = try? JSONText.decode(Head.self, from: Data(line.utf8)) else {
        kept.damagedCount += 1
        continue
      }
      if let lastStep, head.step <= lastStep {
        kept.lines.append(String(line))
      } else {
        kept.laterCount += 1
      }
    }
    return kept
  }
}
