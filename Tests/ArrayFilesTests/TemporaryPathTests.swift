import ArrayFiles
import Foundation
import TestSupport
import Testing

/// Writers in processes of their own: their locks and their ends are the whole process's.
@Suite("What is written aside: nothing of a dead writer stays, all of a living one does")
struct TemporaryPathTests {
  private static func folder() throws -> String {
    let folder = NSTemporaryDirectory() + "/test-" + UUID().uuidString
    try FileSystem.createDirectory(folder)
    return folder
  }

  private static func age(_ path: String) {
    var times = [timeval(tv_sec: 1, tv_usec: 0), timeval(tv_sec: 1, tv_usec: 0)]
    #expect(utimes(path, &times) == 0)
  }

  @Test func theNextWriterRemovesWhatAKilledOneLeft() async throws {
    let folder = try Self.folder()
    defer { try? FileSystem.remove(folder) }
    await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder as String] in
      let file = try TemporaryPath(fileFor: folder + "/file")
      let directory = try TemporaryPath(directoryFor: folder + "/directory")
      try AtomicFile.write([1], to: directory.path + "/inner")
      try withExtendedLifetime((file, directory)) {
        try AtomicFile.write([1], to: folder + "/held")
        kill(getpid(), SIGKILL)
      }
    }
    #expect(try FileSystem.names(in: folder).count == 3)
    await #expect(processExitsWith: .success) { [folder = folder as String] in
      try AtomicFile.write([2], to: folder + "/file")
    }
    #expect(try FileSystem.names(in: folder) == ["file", "held"])
  }

  @Test func aLivingWriterKeepsWhatItWrites() async throws {
    let folder = try Self.folder()
    defer { try? FileSystem.remove(folder) }
    let file = try TemporaryPath(fileFor: folder + "/file")
    let directory = try TemporaryPath(directoryFor: folder + "/directory")
    Self.age(file.path)
    Self.age(directory.path)
    await #expect(processExitsWith: .success) { [folder = folder as String] in
      try AtomicFile.write([2], to: folder + "/other")
    }
    #expect(FileSystem.exists(file.path) && FileSystem.isDirectory(directory.path))
    try AtomicFile.write([3], to: directory.path + "/inner")
    try directory.publish()
    file.remove()
    #expect(try FileSystem.names(in: folder) == ["directory", "other"])
  }

  /// Another machine's lock may not be seen here: only what has not changed for a day is removed.
  @Test func anotherMachinesFilesMustBeOld() async throws {
    let folder = try Self.folder()
    defer { try? FileSystem.remove(folder) }
    let names = ["0", "1"].map { ".x.npy.tmp-0000000f-000000000000000\($0)" }
    for name in names + [".x.npy.tmp-12", ".env", "x.tmp-0000000f-0000000000000001"] {
      try AtomicFile.write([1], to: folder + "/" + name)
    }
    Self.age(folder + "/" + names[1])
    await #expect(processExitsWith: .success) { [folder = folder as String] in
      try AtomicFile.write([2], to: folder + "/y")
    }
    #expect(
      try FileSystem.names(in: folder)
        == [".env", names[0], ".x.npy.tmp-12", "x.tmp-0000000f-0000000000000001", "y"])
  }

  @Test func anEndRemovesEverything() async throws {
    let folder = try Self.folder()
    defer { try? FileSystem.remove(folder) }
    await #expect(processExitsWith: .exitCode(3)) { [folder = folder as String] in
      let file = try TemporaryPath(fileFor: folder + "/file")
      let directory = try TemporaryPath(directoryFor: folder + "/directory")
      let inner = try TemporaryPath(fileFor: directory.path + "/inner")
      withExtendedLifetime((file, directory, inner)) {
        TemporaryPath.removeAll()
        exit(3)
      }
    }
    #expect(try FileSystem.names(in: folder) == [])
  }

  @Test func longNamesAreWritten() throws {
    try withTemporaryDirectory { directory in
      let name = String(repeating: "é", count: 127)
      try AtomicFile.write([1], to: directory + "/" + name)
      #expect(try FileSystem.names(in: directory) == [name])
    }
  }
}
