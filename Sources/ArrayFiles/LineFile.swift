import Foundation

/// A text file that only grows, line by line.
///
/// A line goes to the system in one call, so that neither another process nor a killed one leaves
/// half of it among others. It is not brought to the disk at once: lines survive the end of the
/// process, not a loss of power.
///
/// A disk that takes nothing for a while loses nothing: lines that it refuses are held in memory, at
/// most `heldByteLimit` bytes of them, and go with the next one. Not for several threads at once.
public final class LineFile {
  /// What a line has changed about the file.
  public enum Change: Sendable, Equatable {
    /// From this line on the disk takes none; they are held.
    case failing(FileError)
    /// The disk takes lines again, and has got those that were held.
    case recovered(heldLineCount: Int)
  }

  /// The path of the file.
  public let path: String
  /// Lines that were given up because too many were held.
  public private(set) var lostLineCount = 0
  private let heldByteLimit: Int
  private var descriptor: Int32
  /// Lines that the disk has not taken yet, each with its line break.
  private var held: [[UInt8]] = []
  private var heldByteCount = 0
  /// Bytes of the first held line that are in the file.
  private var writtenByteCount = 0
  private var isFailing = false

  /// Opens a file to append to; it is made if it is not there.
  ///
  /// - Parameters:
  ///   - path: The path of the file.
  ///   - heldByteLimit: Bytes that are held while the disk takes none; beyond them the oldest lines
  ///     are lost.
  /// - Throws: `FileError`.
  public init(path: String, heldByteLimit: Int = 1 << 20) throws {
    self.path = path
    self.heldByteLimit = heldByteLimit
    descriptor = try openFile(path, O_WRONLY | O_CREAT | O_APPEND)
  }

  /// Appends a line; the line break is added.
  ///
  /// It never fails: what the disk refuses is held.
  ///
  /// - Returns: What has changed with it; nil when everything is as before.
  public func append(_ line: String) -> Change? {
    precondition(descriptor >= 0, "append to '\(path)' after close")
    hold(Array((line + "\n").utf8))
    let heldLineCount = held.count - 1
    do {
      try writeHeld()
    } catch {
      defer { isFailing = true }
      return isFailing ? nil : .failing(error)
    }
    defer { isFailing = false }
    return isFailing ? .recovered(heldLineCount: heldLineCount) : nil
  }

  /// Tries once more to write what is held, and closes the file.
  ///
  /// - Returns: The number of lines that are lost in all.
  public func finish() -> Int {
    if descriptor >= 0 { try? writeHeld() }
    lostLineCount += held.count
    held = []
    close()
    return lostLineCount
  }

  /// Closes the file; what is held is lost, and a second call does nothing.
  public func close() {
    if descriptor >= 0 { Foundation.close(descriptor) }
    descriptor = -1
  }

  deinit { close() }

  private func hold(_ line: [UInt8]) {
    held.append(line)
    heldByteCount += line.count
    // The first one may be in the file in part, and the last one is the news.
    while heldByteCount > heldByteLimit && held.count > 2 {
      heldByteCount -= held.remove(at: 1).count
      lostLineCount += 1
    }
  }

  private func writeHeld() throws(FileError) {
    while !held.isEmpty {
      let bytes = held.joined().dropFirst(writtenByteCount)
      let count = Array(bytes).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      // Short only where a disk or a quota fills up; the next call then says why.
      guard count > 0 else { throw FileError(operation: "write", path: path, code: errno) }
      writtenByteCount += count
      while let line = held.first, writtenByteCount >= line.count {
        writtenByteCount -= line.count
        heldByteCount -= line.count
        held.removeFirst()
      }
    }
  }
}
