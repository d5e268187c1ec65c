import ArrayFiles
import Foundation
import TestSupport
import Testing

private struct Interruption: Error {}

@Suite("Atomic files: complete under the final name, or not at all")
struct AtomicFileTests {
  @Test func replacesAFile() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/file"
      try AtomicFile.write([1, 2], to: path)
      try AtomicFile.write(to: path) { writer in
        try writer.write([3])
        try writer.write([])
        try writer.write([UInt8](repeating: 4, count: 100_000))
      }
      #expect(try bytes(of: path) == [3] + [UInt8](repeating: 4, count: 100_000))
      #expect(try FileSystem.names(in: directory) == ["file"])
    }
  }

  @Test func aFailureMidwayLeavesTheOldFile() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/file"
      try AtomicFile.write([1, 2], to: path)
      #expect(throws: Interruption.self) {
        try AtomicFile.write(to: path) { writer in
          try writer.write([9, 9, 9])
          throw Interruption()
        }
      }
      #expect(try bytes(of: path) == [1, 2])
      #expect(try FileSystem.names(in: directory) == ["file"])

      #expect(throws: Interruption.self) {
        try AtomicFile.write(to: directory + "/other") { _ in throw Interruption() }
      }
      #expect(try FileSystem.names(in: directory) == ["file"])
    }
  }

  @Test func aFailingRenameLeavesNothing() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/taken"
      try FileManager.default.createDirectory(
        atPath: path + "/inner", withIntermediateDirectories: true)
      let error = try #require(throws: FileError.self) { try AtomicFile.write([1], to: path) }
      #expect(error.operation == "rename")
      #expect(error.path == path)
      #expect(error.description.contains("already there"))
      #expect(try FileSystem.names(in: directory) == ["taken"])
    }
  }

  @Test func aLibraryThatWroteNothing() throws {
    try withTemporaryDirectory { directory in
      let error = try #require(throws: FileError.self) {
        try AtomicFile.publish(to: directory + "/file") { _ in }
      }
      #expect(error.code == ENOENT)
    }
  }

  @Test func missingFolder() throws {
    let error = try #require(throws: FileError.self) {
      try AtomicFile.write([1], to: "/absent/folder/file")
    }
    #expect(error.code == ENOENT)
    #expect(error.description.contains("No such file or directory"))
  }

  @Test func aFullDisk() throws {
    guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
    let writer = try FileWriter(path: "/dev/full")
    let error = try #require(throws: FileError.self) { try writer.write([1]) }
    #expect(error.code == ENOSPC)
    #expect(error.description.contains("'/dev/full'"))
    #expect(error.description.contains("disk is full"))
  }

  @Test func theLimitOfFileSize() async {
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      var limit = rlimit(rlim_cur: 4096, rlim_max: 4096)
      // 1 is RLIMIT_FSIZE, a macro of an enumeration that is not imported as a number.
      #expect(setrlimit(__rlimit_resource_t(1), &limit) == 0)
      try withTemporaryDirectory { directory in
        let path = directory + "/file"
        try AtomicFile.write([7], to: path)
        let error = try #require(throws: FileError.self) {
          try AtomicFile.write([UInt8](repeating: 1, count: 10_000), to: path)
        }
        #expect(error.code == EFBIG)
        #expect(try bytes(of: path) == [7])
        #expect(try FileSystem.names(in: directory) == ["file"])
      }
    }
  }

  @Test func publishesADirectory() throws {
    try withTemporaryDirectory { directory in
      try AtomicFile.publishDirectory(to: directory + "/above/final/") { temporary in
        try FileSystem.createDirectory(temporary + "/inner")
        try overwrite(temporary + "/a", [1])
        try overwrite(temporary + "/inner/b", [2])
      }
      #expect(try FileSystem.names(in: directory + "/above") == ["final"])
      #expect(try bytes(of: directory + "/above/final/inner/b") == [2])
    }
  }

  @Test func aTakenDirectoryStays() throws {
    try withTemporaryDirectory { directory in
      try FileSystem.createDirectory(directory + "/final")
      try overwrite(directory + "/final/a", Array("final".utf8))
      #expect(throws: FileError.self) {
        try AtomicFile.publishDirectory(to: directory + "/final") {
          try overwrite($0 + "/a", Array("new".utf8))
        }
      }
      #expect(try FileSystem.names(in: directory) == ["final"])
      #expect(try bytes(of: directory + "/final/a") == Array("final".utf8))
    }
  }

  @Test func makesAndRemovesDirectories() throws {
    try withTemporaryDirectory { directory in
      try FileSystem.createDirectory(directory + "/a/b/c")
      try FileSystem.createDirectory(directory + "/a/b/c")
      try overwrite(directory + "/a/b/file", [1, 2, 3])
      #expect(try FileSystem.size(of: directory + "/a/b/file") == 3)
      try FileManager.default.createSymbolicLink(
        atPath: directory + "/a/link", withDestinationPath: directory + "/kept")
      try FileSystem.createDirectory(directory + "/kept")
      #expect(throws: FileError.self) { try FileSystem.createDirectory(directory + "/a/b/file") }
      try FileSystem.remove(directory + "/a")
      #expect(try FileSystem.names(in: directory) == ["kept"])
      #expect(throws: FileError.self) { try FileSystem.remove(directory + "/a") }
    }
  }
}
