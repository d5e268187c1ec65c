import ArrayFiles
import Foundation
import TestSupport
import Testing

/// Pipes where files are expected.
@Suite struct PipeTests {
  private func withPipe(_ body: (_ path: String) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      try #require(mkfifo(folder + "/pipe", 0o600) == 0)
      try body(folder + "/pipe")
    }
  }

  @Test func whatIsWrittenIsRead() throws {
    try withPipe { path in
      Thread { try? Data("a line".utf8).write(to: URL(fileURLWithPath: path)) }.start()
      let bytes = try FileSystem.bytes(of: path)
      #expect(bytes == Array("a line".utf8))
    }
  }

  /// Opening one to write would wait for ever, and nothing but SIGKILL would end a training then.
  @Test func withoutAReaderThereIsNoFile() throws {
    try withPipe { path in
      #expect(throws: FileError.self) { try LineFile(path: path) }
    }
  }
}
