import ArrayFiles
import Datasets
import Foundation
import ImageFiles
import TestSupport
import Testing

/// What can be packed beside folders of classes: tars, lists, data sets.
@Suite struct ImageSourceTests {
  @Test(arguments: [
    ("a.tar", ["a.tar"]), ("{0..3}", ["0", "1", "2", "3"]),
    ("{08..11}x", ["08x", "09x", "10x", "11x"]),
    ("{3..1}", ["3", "2", "1"]), ("{a,b}-{0..1}", ["a-0", "a-1", "b-0", "b-1"]),
    ("{,x}", ["", "x"]),
    ("t-{000..001}.tar", ["t-000.tar", "t-001.tar"]),
  ])
  func bracesStandForNames(pattern: String, names: [String]) throws {
    #expect(try BracePattern.expand(pattern) == names)
  }

  @Test(arguments: ["{", "{}", "{1}", "{1..}", "{a..c}", "{0..99999999}", "{{0..1}}", "{1..2"])
  func otherBracesAreRefused(pattern: String) {
    let error = #expect(throws: DataError.self) { try BracePattern.expand(pattern) }
    #expect(error?.file == pattern)
  }

  /// A tar with images in it that are wanted, and what else may be there.
  private func writeTar(_ path: String, _ members: [(String, [UInt8])]) throws {
    var bytes: [UInt8] = []
    for (name, content) in members {
      var header = [UInt8](repeating: 0, count: 512)
      header.replaceSubrange(0..<name.utf8.count, with: name.utf8)
      func put(_ text: String, at place: Int) {
        header.replaceSubrange(place..<place + text.utf8.count, with: text.utf8)
      }
      put("0000644", at: 100)
      put(
        "00000000000".dropLast(String(content.count, radix: 8).count)
          + String(content.count, radix: 8), at: 124)
      put("ustar\u{0}00", at: 257)
      header[156] = UInt8(ascii: "0")
      put("        ", at: 148)
      let sum = header.reduce(0) { $0 + Int($1) }
      put(String(("000000" + String(sum, radix: 8)).suffix(6)) + "\u{0} ", at: 148)
      bytes += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }
    try AtomicFile.write(bytes + [UInt8](repeating: 0, count: 1024), to: path)
  }

  private func picture(_ number: Int) throws -> [UInt8] {
    try withTemporaryDirectory { folder in
      let pixels = (0..<10 * 12 * 3).map { UInt8(($0 * 7 + number * 31) % 256) }
      try RGBImage(height: 10, width: 12, pixels: pixels).writePNG(to: folder + "/x.png")
      return try FileSystem.bytes(of: folder + "/x.png")
    }
  }

  /// Two tars of three images each, of the classes 0, 1 and 3.
  private func writeTars(in folder: String) throws {
    for tar in 0..<2 {
      try writeTar(
        "\(folder)/t-\(tar).tar",
        try (0..<3).flatMap { index in
          [
            ("\(tar)\(index).png", try picture(3 * tar + index)),
            ("\(tar)\(index).cls", Array("\([0, 1, 3][index])\n".utf8)),
          ]
        })
    }
  }

  @Test func tarsArePackedWithTheNumbersOfTheirClasses() throws {
    try withTemporaryDirectory { folder in
      try writeTars(in: folder)
      let report = try ImagePacking(storage: .asIs).pack(
        folder + "/t-{0..1}.tar", to: folder + "/set")
      #expect(report.manifest.classes == ["0", "1", "2", "3"])
      #expect(report.parts[0].classCounts == [2, 2, 0, 2])
      let set = try ImageDataset(folder: folder + "/set")
      var found: [String: [UInt8]] = [:]
      for index in 0..<6 {
        let sample = try set.sample(at: index)
        found[sample.key] = sample.bytes
      }
      for tar in 0..<2 {
        for index in 0..<3 { #expect(try found["\(tar)\(index)"] == picture(3 * tar + index)) }
      }
      // Either the tars or the folders beside them could be meant.
      #expect(throws: DataError.self) {
        try ImagePacking(storage: .asIs).pack(folder, to: folder + "-set")
      }
      // A data set is a source too, and so is a folder of tars.
      let squares = ImagePacking(storage: .square(size: 8, crop: .adm))
      let again = try squares.pack(folder + "/set", to: folder + "/small")
      try FileSystem.createDirectory(folder + "/tars")
      for tar in 0..<2 {
        try FileSystem.rename("\(folder)/t-\(tar).tar", to: "\(folder)/tars/\(tar).tar")
      }
      let direct = try squares.pack(folder + "/tars/", to: folder + "/direct")
      #expect(
        again.manifest.sampleCount == 6 && direct.manifest.image == .rgb8(height: 8, width: 8))
    }
  }

  @Test func samplesThatAreNoneAreSaid() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/t.tar"
      try writeTar(
        path,
        [
          ("a.png", try picture(1)), ("a.cls", Array("1".utf8)), ("b.png", try picture(2)),
          ("c.cls", Array("1".utf8)), ("d.png", [1, 2, 3]), ("d.cls", Array("0".utf8)),
          ("e.1.png", try picture(3)), ("e.1.cls", Array("0".utf8)), ("f.png", try picture(4)),
          ("f.cls", Array("cat".utf8)), ("._g.png", [0]), ("g.png", try picture(5)),
          ("g.PNG", try picture(5)), ("g.cls", Array("0".utf8)),
        ])
      let error = #expect(throws: DataError.self) {
        try ImagePacking(storage: .asIs).pack(path, to: folder + "/set")
      }
      #expect(
        "\(try #require(error))".contains("t.tar[f]: its class is 'cat', expected an integer"))
      let report = try ImagePacking(storage: .asIs, damaged: .skip).pack(path, to: folder + "/set")
      #expect(report.manifest.sampleCount == 1)
      #expect(report.damaged.map { $0.name.suffix(3) } == ["[f]", "[g]", "[d]"])
      #expect(report.damaged[1].reason == "it has two members 'png'")
      #expect(
        report.omitted.map(\.reason) == [.noClass, .noImage, .pointInKey], "\(report.omitted)")
      let list = try #require(report.damagedList)
      #expect(
        String(decoding: try FileSystem.bytes(of: list), as: UTF8.self).contains(
          "t.tar[d]: not an image"))
    }
  }

  @Test func tarsThatBreakOffOrAreNoneAreRefused() throws {
    try withTemporaryDirectory { folder in
      try writeTars(in: folder)
      let whole = try FileSystem.bytes(of: folder + "/t-0.tar")
      // Behind the first image and its class, in the header and in the data of the second.
      // 2048 + 512 + 20: of the image that is cut the header is there.
      for count in [2048 + 300, 2048 + 512 + 20] {
        try AtomicFile.write(Array(whole.prefix(count)), to: folder + "/cut.tar")
        let error = #expect(throws: (any Error).self) {
          try ImagePacking(storage: .asIs).pack(folder + "/cut.tar", to: folder + "/set")
        }
        #expect("\(try #require(error))".contains("cut.tar: "), "\(String(describing: error))")
      }
      for (name, content) in [("none.tar", Array("no tar at all".utf8)), ("empty.tar", [])] {
        try AtomicFile.write(content, to: "\(folder)/\(name)")
        #expect(throws: ArrayFileError.self) {
          try ImagePacking(storage: .asIs).pack("\(folder)/\(name)", to: folder + "/set")
        }
      }
      #expect(try FileSystem.names(in: folder).filter { $0.hasPrefix(".") || $0 == "set" } == [])
    }
  }

  @Test func listsNumberOrNameTheirClasses() throws {
    try withTemporaryDirectory { folder in
      for (index, name) in ["a.png", "b c.png"].enumerated() {
        try AtomicFile.write(try picture(index), to: "\(folder)/\(name)")
      }
      func pack(_ text: String) throws -> PackingReport {
        try AtomicFile.write(Array(text.utf8), to: folder + "/list.txt")
        try? FileSystem.remove(folder + "/set")
        return try ImagePacking(storage: .asIs).pack(folder + "/list.txt", to: folder + "/set")
      }
      let numbered = try pack("# two\na.png 2\r\n\nb c.png\t0\n")
      #expect(
        numbered.manifest.classes == ["0", "1", "2"] && numbered.parts[0].classCounts == [1, 0, 1])
      let named = try pack("\(folder)/a.png wolf\nb c.png bear\na.png bear")
      #expect(named.manifest.classes == ["bear", "wolf"] && named.parts[0].classCounts == [2, 1])
      for (text, message) in [
        ("a.png", "line 1: 'a.png' is no 'path label'"),
        ("a.png 0\nx.png 1", "line 2: there is no file"),
        ("a.png 1\nb c.png l", "line 2: the label is 'l', and that of line 1 is the number 1"),
        ("a.png -1", "line 1: the label is -1"), ("", "no image in it"),
      ] {
        let error = #expect(throws: DataError.self) { try pack(text) }
        #expect("\(try #require(error))".contains(message))
      }
    }
  }

  @Test func anIndexIsReadLikeShards() throws {
    try withTemporaryDirectory { folder in
      try writeTars(in: folder)
      let report = try ArchiveIndexing().index(folder + "/t-{0..1}.tar", to: folder + "/sets/index")
      #expect(
        report.manifest.sampleCount == 6
          && report.manifest.shards.map(\.archive) == ["../../t-0.tar", "../../t-1.tar"])
      #expect(try DatasetVerification(folder: folder + "/sets/index").isIntact)
      let set = try ImageDataset(folder: folder + "/sets/index")
      for index in 0..<6 {
        let sample = try set.sample(at: index)
        #expect(try sample.bytes == picture(index) && sample.label == [0, 1, 3][index % 3])
      }
      // One byte of one image: the others are read.
      try modify(folder + "/t-1.tar") { $0[512 + 40] ^= 1 }
      let damaged = try ImageDataset(folder: folder + "/sets/index")
      let error = #expect(throws: DataError.self) { try damaged.sample(at: 3) }
      #expect(
        "\(try #require(error))".contains("not the one that was there when the index was made"))
      #expect(try damaged.sample(at: 4).bytes == picture(4))
      let verification = try DatasetVerification(folder: folder + "/sets/index")
      #expect(verification.goodSampleCount == 5 && verification.problems.count == 1)
      try modify(folder + "/t-1.tar") { $0.removeLast() }
      #expect(throws: DataError.self) { try ImageDataset(folder: folder + "/sets/index") }
    }
  }
}
