import ArrayFiles
import Foundation
import Testing

/// Each in a process of its own, because the streams are the whole process's.
@Suite("Standard streams: a loss is told, and ends nothing")
struct StandardStreamTests {
  @Test func aFullDisk() async {
    await #expect(processExitsWith: .success) {
      StandardStream.prepare()
      let full = open("/dev/full", O_WRONLY)
      guard full >= 0, dup2(full, 1) == 1, dup2(full, 2) == 2 else { exit(1) }
      StandardStream.error.writeIfPossible("lost")
      guard StandardStream.loss == nil else { exit(2) }
      StandardStream.output.writeIfPossible("lost")
      exit(StandardStream.loss?.code == ENOSPC ? 0 : 3)
    }
  }

  @Test func aPipeThatNobodyReads() async {
    await #expect(processExitsWith: .success) {
      StandardStream.prepare()
      var ends: [Int32] = [0, 0]
      guard pipe(&ends) == 0, dup2(ends[1], 1) == 1 else { exit(1) }
      close(ends[0])
      let error = #expect(throws: FileError.self) { try StandardStream.output.write("lost") }
      exit(error?.code == EPIPE ? 0 : 2)
    }
  }

  /// Otherwise the next file that is opened would be the stream, and messages would go into it.
  @Test func aClosedStreamKeepsItsNumber() async {
    await #expect(processExitsWith: .success) {
      close(1)
      close(2)
      StandardStream.prepare()
      let path = NSTemporaryDirectory() + "/test-" + UUID().uuidString
      let writer = try FileWriter(path: path)
      StandardStream.output.writeIfPossible("lost")
      StandardStream.error.writeIfPossible("lost")
      try writer.write(Array("kept".utf8))
      try writer.synchronizeAndClose()
      let content = try FileSystem.bytes(of: path)
      try FileSystem.remove(path)
      exit(content == Array("kept".utf8) && StandardStream.loss?.code == EBADF ? 0 : 1)
    }
  }

  @Test func controlsAreMadeVisible() {
    let text = "a\u{1B}[2Jb\u{7F}\u{9B}c\u{202E}d\u{2067}\r\u{10FEE9}\0é🙂\n\t"
    #expect(
      VisibleText.lines(text)
        == "a\\u{1b}[2Jb\\u{7f}\\u{9b}c\\u{202e}d\\u{2067}\\u{d}\\xE9\\u{0}é🙂\n\t")
    #expect(VisibleText.name("a\nb\tc") == "a\\u{a}b\\u{9}c")
    #expect(VisibleText.json("\"a\u{9B}\u{10FEE9}\"\n") == "\"a\\u009b\\\\xE9\"\n")
    #expect(VisibleText.lines("a\u{2028}b") == "a\\u{2028}b")
    let error = FileError(operation: "open", path: "a\u{1B}\n\u{10FEFF}", code: ENOENT)
    #expect(error.description.contains("'a\\u{1b}\\u{a}\\xFF'"))
  }
}
