import ArrayFiles
import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("Run lock: one writer a directory")
struct RunLockTests {
  @Test func aSecondOneIsRefused() throws {
    try withTemporaryDirectory { directory in
      let first = try RunLock(directory: directory)
      let error = try #require(throws: RunLockError.self) { try RunLock(directory: directory) }
      #expect(error.directory == directory)
      #expect(error.holder == "process \(getpid()) on \(ProcessInfo.processInfo.hostName)")
      #expect(error.description.contains("in use by process"))
      first.release()
      first.release()
      let second = try RunLock(directory: directory)
      second.release()
    }
  }

  @Test func anotherProcessIsRefused() async throws {
    let directory = NSTemporaryDirectory() + "/test-" + UUID().uuidString
    try FileSystem.createDirectory(directory)
    defer { try? FileSystem.remove(directory) }
    let lock = try RunLock(directory: directory)
    await #expect(processExitsWith: .success) { [directory = directory as String] in
      let error = try #require(throws: RunLockError.self) { try RunLock(directory: directory) }
      #expect(!error.holder.contains("process \(getpid()) "))
    }
    lock.release()
  }

  @Test func aKilledProcessHoldsNothing() async throws {
    let directory = NSTemporaryDirectory() + "/test-" + UUID().uuidString
    try FileSystem.createDirectory(directory)
    defer { try? FileSystem.remove(directory) }
    await #expect(processExitsWith: .signal(SIGKILL)) { [directory = directory as String] in
      let lock = try RunLock(directory: directory)
      try withExtendedLifetime(lock) {
        try AtomicFile.write([1], to: directory + "/held")
        kill(getpid(), SIGKILL)
      }
    }
    #expect(try FileSystem.names(in: directory) == ["held", RunLock.fileName])
    let lock = try RunLock(directory: directory)
    lock.release()
  }

  @Test func aMissingDirectory() {
    #expect(throws: FileError.self) { try RunLock(directory: "/absent/run") }
  }
}
