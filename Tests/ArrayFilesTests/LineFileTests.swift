import ArrayFiles
import Foundation
import TestSupport
import Testing

@Suite("Files of lines: a disk that is full for a while loses nothing")
struct LineFileTests {
  /// In a process of its own: its disk is full where its limit of a file's size is reached.
  @Test func heldLinesFollow() async {
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      try withTemporaryDirectory { directory in
        let path = directory + "/lines"
        let file = try LineFile(path: path)
        #expect(file.append("first") == nil)
        Self.limitFileSize(8)
        // Two bytes of it fit.
        guard case .failing(let error) = file.append("second") else { exit(1) }
        #expect(error.code == EFBIG && error.path == path)
        #expect(file.append("third") == nil)
        #expect(try FileSystem.bytes(of: path) == Array("first\nse".utf8))
        Self.limitFileSize(1 << 20)
        #expect(file.append("fourth") == .recovered(heldLineCount: 2))
        #expect(file.append("fifth") == nil)
        #expect(file.finish() == 0)
        #expect(
          try FileSystem.bytes(of: path) == Array("first\nsecond\nthird\nfourth\nfifth\n".utf8))
      }
    }
  }

  @Test func tooManyHeldLinesAreCounted() async {
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      try withTemporaryDirectory { directory in
        let path = directory + "/lines"
        let file = try LineFile(path: path, heldByteLimit: 20)
        Self.limitFileSize(3)
        for number in 0..<10 { _ = file.append("line\(number)") }
        #expect(file.lostLineCount == 7)
        Self.limitFileSize(1 << 20)
        #expect(file.append("last") == .recovered(heldLineCount: 2))
        #expect(file.finish() == 8)
        #expect(try FileSystem.bytes(of: path) == Array("line0\nline9\nlast\n".utf8))
      }
    }
  }

  @Test func whatTheDiskNeverTakesIsLost() throws {
    guard FileSystem.exists("/dev/full") else { return }
    let file = try LineFile(path: "/dev/full")
    guard case .failing = file.append("a") else {
      Issue.record("a full disk took a line")
      return
    }
    #expect(file.append("b") == nil)
    #expect(file.finish() == 2)
  }

  private static func limitFileSize(_ byteCount: UInt) {
    var limit = rlimit(rlim_cur: byteCount, rlim_max: rlim_t.max)
    // 1 is RLIMIT_FSIZE, a macro of an enumeration that is not imported as a number.
    #expect(setrlimit(__rlimit_resource_t(1), &limit) == 0)
  }
}
