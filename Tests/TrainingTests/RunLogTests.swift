import Foundation
import Logging
import TestSupport
import Testing
import Training

@Suite struct RunLogTests {
  private let time = Date(timeIntervalSince1970: 1_700_000_000)

  @Test func messagesGoToFileAndTerminal() throws {
    try withTemporaryDirectory { folder in
      let terminal = RecordedTerminal()
      let log = try RunLog(
        path: folder + "/log.txt", terminal: terminal.output(isTerminal: false),
        now: { [time] in time })
      var logger = log.logger(level: .info)
      logger.debug("not shown")
      logger[metadataKey: "step"] = "4"
      logger.warning("two\nlines", metadata: ["rank": "1"])
      log.writeProgress("step 5")
      let expected = """
        2023-11-14T22:13:20Z warning two
            lines rank=1 step=4
        2023-11-14T22:13:20Z info step 5

        """
      #expect(terminal.text == expected)
      #expect(try String(contentsOfFile: folder + "/log.txt", encoding: .utf8) == expected)
    }
  }

  @Test func progressLinesDoNotScrollATerminal() throws {
    try withTemporaryDirectory { folder in
      let terminal = RecordedTerminal()
      let log = try RunLog(
        path: folder + "/log.txt", terminal: terminal.output(isTerminal: true),
        now: { [time] in time })
      log.writeProgress("step 5")
      #expect(terminal.text.isEmpty)
      let file = try String(contentsOfFile: folder + "/log.txt", encoding: .utf8)
      #expect(file == "2023-11-14T22:13:20Z info step 5\n")
    }
  }

  @Test func messagesStandAboveTheStatusLine() {
    let terminal = RecordedTerminal()
    let output = terminal.output(isTerminal: true, width: 10)
    output.show { "\($0) columns of a status" }
    output.write("message")
    output.clear()
    output.clear()
    let clear = "\r\u{1B}[K"
    #expect(terminal.text == clear + "9 columns" + clear + "message\n9 columns" + clear)
  }

  @Test func aFileGetsNoStatusLine() {
    let terminal = RecordedTerminal()
    let output = terminal.output(isTerminal: false)
    output.show { _ in "status" }
    output.write("message")
    output.clear()
    #expect(terminal.text == "message\n")
  }

  @Test func aFullDiskIsSaidOnce() throws {
    guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
    let terminal = RecordedTerminal()
    let log = try RunLog(path: "/dev/full", terminal: terminal.output(isTerminal: false))
    log.write("first", level: .info)
    log.write("second", level: .info)
    let notice = "messages for /dev/full wait in memory"
    #expect(terminal.text.components(separatedBy: notice).count == 2)
    #expect(terminal.text.contains("The disk is full"))
    #expect(terminal.text.contains(" info second\n"))
    log.finish()
    #expect(terminal.text.contains("2 messages are lost"))
  }
}
