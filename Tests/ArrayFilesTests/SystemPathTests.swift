import ArrayFiles
import Foundation
import TestSupport
import Testing

@Suite("Paths: any bytes, and the system's way to go them")
struct SystemPathTests {
  /// Names that are no UTF-8, that hold the scalars of bytes themselves, and cut off sequences.
  private static let names: [[UInt8]] = [
    [], [0x61], Array("é".utf8), [0xE9], [0x61, 0xE9, 0x62], [0xF4, 0x8F, 0xBB, 0xA9],
    [0xF4, 0x8F, 0xBB], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xFF, 0xFE, 0x80],
    [0xF4, 0x8F, 0xBA, 0x80, 0xE9], [0xE2, 0x82, 0xAC, 0xE2, 0x82],
  ]

  @Test func everyNameHasOneText() {
    let all = Self.names + (1...255).map { [UInt8($0)] }
    for name in all { #expect(SystemPath.bytes(of: SystemPath.text(of: name)) == name) }
    let texts = Set(all.map { Array(SystemPath.text(of: $0).unicodeScalars) })
    #expect(texts.count == Set(all).count)
    #expect(SystemPath.text(of: [0xE9]) == "\u{10FEE9}")
    #expect(SystemPath.text(of: Array("a/é".utf8)) == "a/é")
  }

  @Test(arguments: [
    ("a", true), ("é.h5", true), ("...", true), ("a\u{301}", true), ("", false), (".", false),
    ("..", false), ("a/b", false), ("/\u{301}", false), ("a\0", false), ("../a", false),
  ])
  func aNameIsOneStepIntoAFolder(text: String, isName: Bool) {
    #expect(SystemPath.isName(text) == isName)
  }

  @Test func filesOfAnyNameAreWrittenListedAndRemoved() throws {
    try withTemporaryDirectory { directory in
      let names = Self.names.filter { !$0.isEmpty && !$0.contains(UInt8(ascii: "/")) }
      for name in names {
        let path = SystemPath.path(of: SystemPath.text(of: name), in: directory)
        try AtomicFile.write(name, to: path)
        #expect(try FileSystem.bytes(of: path) == name)
      }
      let listed = try FileSystem.names(in: directory)
      #expect(
        listed.map { SystemPath.bytes(of: $0) } == names.sorted { $0.lexicographicallyPrecedes($1) }
      )
      // HDF5 and libarchive go the same way.
      let folder = SystemPath.path(of: SystemPath.text(of: [0xE9]), in: directory + "/f")
      try FileSystem.createDirectory(folder)
      let file = try HDF5File(creating: folder + "/a.h5")
      try file.close()
      try HDF5File(reading: folder + "/a.h5").close()
      try NumPyArchive.write([("a", NumPyArray([Int32(1)]))], to: folder + "/a.npz")
      #expect(try NumPyArchive(contentsOf: folder + "/a.npz").names == ["a"])
      #expect(try FileSystem.names(in: folder) == ["a.h5", "a.npz"])
    }
  }

  @Test func aZeroInAPathIsRefused() throws {
    try withTemporaryDirectory { directory in
      let error = try #require(throws: FileError.self) {
        try AtomicFile.write([1], to: directory + "/a\0b")
      }
      #expect(error.code == EINVAL && error.description.contains("zero byte"))
      #expect(try FileSystem.names(in: directory) == [])
      #expect(!FileSystem.exists(directory + "\0/x"))
    }
  }

  @Test(arguments: [
    ("a/b/c.png", "c.png", "a/b", "png", "c"), ("a", "a", ".", "", "a"), ("d/", "d", ".", "", "d"),
    ("/", "/", "/", "", "/"), ("/a", "a", "/", "", "a"), ("", "", ".", "", ""),
    (".", ".", "..", "", "."), ("..", "..", "../..", "", ".."), ("a/.", ".", ".", "", "."),
    ("a/..", "..", "a/../..", "", ".."), ("a//b//", "b", "a", "", "b"),
    (".hidden", ".hidden", ".", "", ".hidden"), ("a.", "a.", ".", "", "a."),
    ("x.tar.GZ", "x.tar.GZ", ".", "gz", "x.tar"), ("~/a", "a", "~", "", "a"),
    ("a/\u{301}b", "\u{301}b", "a", "", "\u{301}b"),
  ])
  func parts(path: String, name: String, parent: String, ending: String, stem: String) {
    #expect(SystemPath.name(of: path) == name)
    #expect(SystemPath.parent(of: path) == parent)
    #expect(SystemPath.ending(of: path) == ending)
    #expect(SystemPath.stem(of: path) == stem)
  }

  /// In a process of its own, for its current folder is the whole process's.
  @Test func relativePathsAreWhereTheSystemSees() async {
    await #expect(processExitsWith: .success) {
      try withTemporaryDirectory { directory in
        #expect(chdir(directory) == 0)
        for path in ["d", "~", "~/x", "./~/y", "a/../b", "c/"] {
          try FileSystem.createDirectory(path)
          try AtomicFile.write([1], to: SystemPath.path(of: "f", in: path))
          #expect(access(path + "/f", R_OK) == 0)
          try AtomicFile.publishDirectory(to: path + "/g") {
            try AtomicFile.write([2], to: $0 + "/h")
          }
          #expect(access(path + "/g/h", R_OK) == 0)
        }
        try AtomicFile.write([1], to: "f")
        #expect(try FileSystem.names(in: ".") == ["a", "b", "c", "d", "f", "~"])
        #expect(try FileSystem.names(in: "~") == ["f", "g", "x", "y"])
      }
    }
  }

  @Test func whatIsMadeObeysTheMask() async {
    await #expect(processExitsWith: .success) {
      try withTemporaryDirectory { directory in
        for mask: mode_t in [0o002, 0o077] {
          umask(mask)
          let folder = directory + "/\(mask)"
          try FileSystem.createDirectory(folder)
          try AtomicFile.write([1], to: folder + "/atomic")
          try AtomicFile.replace(folder + "/replaced", by: [1])
          try FileWriter(path: folder + "/written").synchronizeAndClose()
          _ = try LineFile(path: folder + "/lines")
          _ = try FileLock(file: folder + "/lock")
          try HDF5File(creating: folder + "/h5").close()
          try AtomicFile.publishDirectory(to: folder + "/folder") { _ in }
          for name in try FileSystem.names(in: folder) {
            var status = stat()
            #expect(stat(folder + "/" + name, &status) == 0)
            let all: mode_t = name == "folder" ? 0o777 : 0o666
            #expect(status.st_mode & 0o777 == all & ~mask, "\(name) under \(mask)")
          }
        }
      }
    }
  }
}
