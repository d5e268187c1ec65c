import ArrayFiles
import Datasets
import Foundation
import ImageFiles
import TestSupport
import Testing

/// Everything in the folders is packed, or named with the reason.
@Suite struct FolderOmissionTests {
  /// Makes three classes, and of every kind what is no image of them.
  private func makeMixedFolder(_ folder: String) throws {
    _ = try makeImageFolder(folder)
    let png = try FileSystem.bytes(of: folder + "/bee/1.png")
    try FileSystem.createDirectory(folder + "/ant/deep/er")
    try FileSystem.createDirectory(folder + "/.git")
    let files: [(String, [UInt8])] = [
      ("ant/deep/1.png", png), ("ant/deep/er/2.PNG", png), ("ant/none", png), ("ant/a.jpe", png),
      ("ant/notes.txt", Array("BMW".utf8)), ("ant/.hidden.png", png), ("ant/deep/x.db", [1]),
      ("beside.png", png), ("readme", [1]), (".git/x", [1]),
    ]
    for (name, bytes) in files { try AtomicFile.write(bytes, to: folder + "/" + name) }
    for (name, target) in [("lost.png", "nowhere"), ("linked", "../bee"), ("other.png", "1.png")] {
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/ant/" + name, withDestinationPath: target)
    }
    #expect(mkfifo(folder + "/ant/pipe.png", 0o600) == 0)
  }

  @Test func whatIsNotTakenIsNamed() throws {
    try withTemporaryDirectory { folder in
      let source = folder + "/images"
      try makeMixedFolder(source)
      let report = try FolderPacking(storage: .file).pack(source + "/", to: folder + "/data")
      let omitted = Set(report.omitted.map { "\($0)".dropFirst(source.count + 1) })
      #expect(
        omitted == [
          "ant/notes.txt: not an image", "ant/.hidden.png: hidden", "ant/deep/x.db: not an image",
          "beside.png: in no class's folder", "readme: in no class's folder", ".git: hidden",
          "ant/lost.png: a link that leads nowhere", "ant/linked: a link to a folder",
          "ant/pipe.png: not a regular file",
        ])
      #expect(report.omitted.count == 9)
      #expect(report.manifest.classes == ["Zebra", "ant", "bee"])
      #expect(report.classCounts == [2, 8, 2])
      let dataset = try ImageDataset(folder: folder + "/data")
      let keys = try (0..<12).map { try dataset.sample(at: $0).key }
      #expect(
        Set(keys).isSuperset(of: ["ant/deep/1.png", "ant/deep/er/2.PNG", "ant/none", "ant/a.jpe"]))
      // No key leads out of a folder that it would be a path in.
      #expect(keys.allSatisfy { !$0.hasPrefix("/") && !$0.split(separator: "/").contains("..") })
    }
  }

  @Test func aFolderWithoutImagesIsNoClass() throws {
    try withTemporaryDirectory { folder in
      let source = folder + "/images"
      _ = try makeImageFolder(source)
      try FileSystem.createDirectory(source + "/beaver")
      try AtomicFile.write([1], to: source + "/beaver/list.txt")
      let error = try #require(throws: DataError.self) {
        try FolderPacking(storage: .file).pack(source, to: folder + "/data")
      }
      for text in ["'beaver'", "1 of its 4 folders", "list.txt", "--keep-empty"] {
        #expect(error.description.contains(text))
      }
      #expect(!FileSystem.exists(folder + "/data"))
      let report = try FolderPacking(storage: .file, keepsEmptyClasses: true).pack(
        source, to: folder + "/data")
      #expect(report.manifest.classes == ["Zebra", "ant", "beaver", "bee"])
      #expect(report.classCounts == [2, 3, 0, 2])
    }
  }

  /// Leaving out every damaged image of a class would leave a class without images.
  @Test func aClassOfDamagedImagesIsRefused() throws {
    try withTemporaryDirectory { folder in
      let source = folder + "/images"
      _ = try makeImageFolder(source)
      for name in ["1.png", "2.png"] { try modify(source + "/Zebra/" + name) { $0.removeLast(40) } }
      let packing = FolderPacking(storage: .file, damaged: .skip)
      let error = try #require(throws: DataError.self) {
        try packing.pack(source, to: folder + "/data")
      }
      #expect(error.description.contains("'Zebra'"))
      #expect(!FileSystem.exists(folder + "/data"))
    }
  }

  /// Names of any bytes become classes and keys, and lead back to the files.
  @Test func namesThatAreNoTextArePacked() throws {
    try withTemporaryDirectory { folder in
      let name = SystemPath.text(of: [0xE9])
      let source = folder + "/images"
      _ = try makeImageFolder(source)
      let moved = SystemPath.path(of: name, in: source)
      try FileSystem.rename(source + "/bee", to: moved)
      let report = try FolderPacking(storage: .file).pack(source, to: folder + "/data")
      #expect(report.manifest.classes == ["Zebra", "ant", name])
      let dataset = try ImageDataset(folder: folder + "/data")
      for index in 0..<dataset.sampleCount {
        let sample = try dataset.sample(at: index)
        #expect(try FileSystem.bytes(of: source + "/" + sample.key) == sample.bytes)
      }
    }
  }

  @Test func theSummaryCountsAndNames() {
    let files = (0..<7).map { OmittedFile(path: "a/\($0)\u{1B}", reason: .hidden) }
    #expect(
      OmittedFile.summary(of: files, nameCount: 2) == [
        "left out, hidden: 7 (a/0\\u{1b}, a/1\\u{1b} and 5 more)"
      ])
    #expect(OmittedFile.summary(of: []) == [])
  }
}
