import ArrayFiles
import Foundation
import ImageFiles
import Inference
import Reporting
import TestSupport
import Testing

/// Outputs that are made in blocks: what is kept after the command was killed, and what is not.
@Suite struct SharedOutputTests {
  private static let count = 2 * OutputPlan.blockSize + 5

  /// A killed command.
  private struct Killed: Error {}

  private func plan(
    _ output: String?, codes: String? = nil, facts: [String: String] = ["seed": "1"]
  ) throws -> OutputPlan {
    OutputPlan(
      images: try output.map { try ImageOutput(path: $0) }, codes: codes, imageCount: Self.count,
      imageSize: 4, tokenCount: 3, labels: (0..<Self.count).map { Int32($0 % 7) }, facts: facts,
      name: { "image-\(1000 + $0)" }, origin: { "\($0)" })
  }

  private func content(_ block: Range<Int>) -> BlockContent {
    var content = BlockContent()
    for image in block {
      content.images.append(
        RGBImage(
          height: 4, width: 4,
          pixels: (0..<48).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ image &* 31) }))
      content.codes += [Int32(image), 2, -1]
      content.meanSquaredErrors.append(Double(image) / 3)
    }
    return content
  }

  /// Makes an output, stopped before block `last`; gives the blocks that were made.
  private func make(
    _ plan: OutputPlan, stoppedAt last: Int? = nil, _ notice: @escaping (String) -> Void = { _ in }
  ) throws -> (made: [Int], records: [BlockRecord]) {
    var made: [Int] = []
    let records = try SharedOutput(plan, OutputContext(notice: notice)).run { block in
      let index = block.lowerBound / OutputPlan.blockSize
      if index == last { throw Killed() }
      made.append(index)
      return content(block)
    }
    return (made, records)
  }

  private func files(_ path: String) throws -> [String: String] {
    guard FileSystem.isDirectory(path) else {
      return ["": try ContentDigest.ofFile(at: path).hexadecimal]
    }
    return try FileSystem.names(in: path).reduce(into: [:]) {
      $0[$1] = try ContentDigest.ofFile(at: path + "/" + $1).hexadecimal
    }
  }

  @Test(arguments: ["folder", "grid.png", "set.npy", "set.npz"])
  func aKilledCommandGoesOn(form: String) throws {
    try withTemporaryDirectory { folder in
      for name in ["alone", "killed"] { try FileSystem.createDirectory(folder + "/" + name) }
      let (alone, killed) = ("\(folder)/alone/\(form)", "\(folder)/killed/\(form)")
      #expect(try make(try plan(alone, codes: alone + ".codes.npy")).made == [0, 1, 2])
      let again = try plan(killed, codes: killed + ".codes.npy")
      #expect(throws: Killed.self) { try make(again, stoppedAt: 1) }
      #expect(!FileSystem.exists(killed))
      var notices: [String] = []
      let (made, records) = try make(again) { notices.append($0) }
      #expect(made == [1, 2] && notices.count == 1 && notices[0].contains("1 of 3 parts"))
      #expect(records.flatMap(\.meanSquaredErrors) == (0..<Self.count).map { Double($0) / 3 })
      #expect(try files(killed) == files(alone))
      #expect(try files(killed + ".codes.npy") == files(alone + ".codes.npy"))
      #expect(
        try FileSystem.names(in: folder + "/killed") == FileSystem.names(in: folder + "/alone"))
      let codes = try NumPyArray(contentsOf: killed + ".codes.npy")
      #expect(codes.shape == [Self.count, 3])
      #expect(try codes.elements(as: Int32.self) == content(0..<Self.count).codes)
    }
  }

  @Test func anArchiveHoldsImagesAndLabels() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/set.npz"
      _ = try make(try plan(path))
      let archive = try NumPyArchive(contentsOf: path)
      #expect(archive.names == ["arr_0", "arr_1"])
      let images = try archive.array("arr_0")
      #expect(images.shape == [Self.count, 4, 4, 3])
      #expect(
        try images.elements(as: UInt8.self) == content(0..<Self.count).images.flatMap(\.pixels))
      #expect(
        try archive.array("arr_1").elements(as: Int64.self)
          == (0..<Self.count).map { Int64($0 % 7) })
    }
  }

  @Test func aDamagedPartAndOneMadeOtherwiseAreMadeAnew() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/set.npy"
      #expect(throws: Killed.self) { try make(try plan(path), stoppedAt: 2) }
      let part = folder + "/.set.npy.parts/data/images-000001.part"
      var bytes = try FileSystem.bytes(of: part)
      bytes[7] ^= 1
      try AtomicFile.write(bytes, to: part)
      try AtomicFile.write([1], to: folder + "/.set.npy.parts/data/images-000009.part")
      #expect(throws: Killed.self) { try make(try plan(path), stoppedAt: 2) }
      #expect(!FileSystem.exists(folder + "/.set.npy.parts/data/images-000009.part"))
      var notices: [String] = []
      #expect(
        try make(try plan(path, facts: ["seed": "2"])) { notices.append($0) }.made == [0, 1, 2])
      #expect(notices.count == 1 && notices[0].contains("seed 1 before and 2 now"))
    }
  }

  @Test func whatStandsThereIsNotTouched() throws {
    try withTemporaryDirectory { folder in
      try FileSystem.createDirectory(folder + "/out")
      try AtomicFile.write([1], to: folder + "/out/mine")
      #expect(throws: CommandError.outputExists(folder + "/out")) {
        try make(try plan(folder + "/out/"))
      }
      let held = try OutputStage(for: folder + "/set.npy", kind: "parts", isFirst: true)
      #expect(throws: OutputStageHeld.self) { try make(try plan(folder + "/set.npy")) }
      held.remove()
      // Nothing is left of a command that failed at once.
      #expect(throws: Killed.self) { try make(try plan(folder + "/other"), stoppedAt: 0) }
      var large = try plan(folder + "/grid.png")
      large.imageCount = 1 << 24
      #expect(throws: CommandError.self) { try make(large) }
      #expect(try FileSystem.names(in: folder) == ["out"])
    }
  }

  /// Nothing can be renamed to such places, and that is known before anything is made.
  @Test func placesOfOtherThingsAreRefused() throws {
    try withTemporaryDirectory { folder in
      for name in ["empty", "inner"] { try FileSystem.createDirectory(folder + "/" + name) }
      try link(folder + "/link", to: folder + "/empty")
      try link(folder + "/dangling", to: folder + "/nothing")
      for name in ["link", "link/", "dangling", "empty/.", "inner/..", "."] {
        let error = #expect(throws: CommandError.self, "\(name)") {
          try make(try plan(folder + "/" + name))
        }
        #expect("\(error as Any)".contains("name a folder that is not there yet"))
      }
      #expect(throws: CommandError.self) { try make(try plan(".")) }
      var long = try plan(folder + "/long")
      long.name = { String(repeating: "x", count: $0 == 3 ? 246 : 245) }
      let error = #expect(throws: CommandError.self) { try make(long) }
      #expect("\(error as Any)".contains("image 3"))
      long.name = { _ in String(repeating: "x", count: 245) }
      _ = try make(long)
      #expect(
        try FileSystem.names(in: folder) == ["dangling", "empty", "inner", "link", "long"])
      // An empty folder is taken.
      _ = try make(try plan(folder + "/empty"))
    }
  }

  /// What could not take its place at the end is complete, and takes it when it can.
  @Test(arguments: ["folder", "set.npz"]) func whatCannotBePublishedIsKept(form: String) throws {
    try withTemporaryDirectory { folder in
      let path = "\(folder)/\(form)"
      let plan = try plan(path, codes: folder + "/codes.npy")
      #expect(throws: FileError.self) {
        _ = try SharedOutput(plan, OutputContext()).run { block in
          if block.lowerBound == 0 { try FileSystem.createDirectory(path + "/in the way") }
          return content(block)
        }
      }
      try FileSystem.remove(path)
      #expect(try make(plan).made == [])
      #expect(try NumPyArray(contentsOf: folder + "/codes.npy").shape == [Self.count, 3])
      #expect(try FileSystem.names(in: folder) == ["codes.npy", form])
      if form == "folder" { #expect(try FileSystem.names(in: path).count == Self.count) }
    }
  }

  @Test func onlyWhatHasChangedIsMadeAnew() throws {
    try withTemporaryDirectory { folder in
      var plan = try plan(folder + "/set.npy")
      #expect(throws: Killed.self) { try make(plan, stoppedAt: 2) }
      plan.origin = { $0 == 40 ? "another" : "\($0)" }
      #expect(try make(plan).made == [1, 2])
    }
  }

  @Test func filesAreReplaced() throws {
    try withTemporaryDirectory { folder in
      for form in ["grid.png", "set.npy", "set.npz"] {
        var few = try plan("\(folder)/\(form)")
        few.imageCount = 5
        few.labels = nil
        _ = try make(few)
        _ = try make(try plan("\(folder)/\(form)"))
      }
      let array = try NumPyArray(contentsOf: folder + "/set.npy")
      #expect(array.shape == [Self.count, 4, 4, 3])
      let archive = try NumPyArchive(contentsOf: folder + "/set.npz")
      #expect(try archive.array("arr_0") == array && archive.names == ["arr_0", "arr_1"])
      let grid = try RGBImage(contentsOfFile: folder + "/grid.png")
      #expect(
        grid == ImageGrid().picture(content(0..<Self.count).images, columnCount: 9))
      #expect(try FileSystem.names(in: folder) == ["grid.png", "set.npy", "set.npz"])
    }
  }

  /// Names begin with the number, so that a folder is read in the order of its images.
  @Test func aFolderSortsAsItsImages() throws {
    try withTemporaryDirectory { folder in
      let names: [((Int) -> String)?] = [{ "\(900 - $0)" }, { _ in "same" }, nil]
      for (index, name) in names.enumerated() {
        var plan = try plan("\(folder)/\(index)")
        plan.name = name
        _ = try make(plan)
        let inputs = try ImageInputs(paths: ["\(folder)/\(index)"], size: 4)
        #expect(
          try (0..<Self.count).map { try inputs.image(at: $0) }
            == content(0..<Self.count).images)
      }
      #expect(try FileSystem.names(in: folder + "/0")[7] == "00007-893.png")
      #expect(try FileSystem.names(in: folder + "/2")[7] == "00007.png")
    }
  }

  private func link(_ path: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
  }

  @Test func classesAreChosenInThreeWays() throws {
    typealias Selection = LabelSelection
    #expect(try Selection.balanced(count: 7).labels(classCount: 3) == [0, 1, 2, 0, 1, 2, 0])
    #expect(try Selection.classes([2, 0], count: 2).labels(classCount: 3) == [2, 2, 0, 0])
    #expect(try Selection.classes(nil, count: 1).labels(classCount: 3) == [0, 1, 2])
    #expect(throws: CommandError.self) {
      try Selection.classes([3], count: 1).labels(classCount: 3)
    }
    #expect(throws: CommandError.self) {
      try Selection.classes([1], count: 1 << 62).labels(classCount: 3)
    }
    try withTemporaryDirectory { folder in
      let (text, array) = (folder + "/labels.txt", folder + "/labels.npy")
      try AtomicFile.write(Array("2\n0\r\n 1\n".utf8), to: text)
      try NumPyArray([2, 0, 1] as [Int64]).write(to: array)
      for path in [text, array] {
        #expect(try Selection.file(path).labels(classCount: 3) == [2, 0, 1])
        #expect(throws: CommandError.self) { try Selection.file(path).labels(classCount: 2) }
      }
      try AtomicFile.write(Array("2\n\n1".utf8), to: text)
      let error = #expect(throws: ArrayFileError.self) {
        try Selection.file(text).labels(classCount: 3)
      }
      #expect(error?.problem.hasPrefix("line 2 is") == true)
    }
  }
}
