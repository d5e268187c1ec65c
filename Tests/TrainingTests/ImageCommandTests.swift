import ArrayFiles
import Evaluation
import Foundation
import HierarchicalGenerator
import ImageFiles
import Inference
import Kernels
import Reporting
import TestSupport
import Testing

/// `sample`, `decode` and `reconstruct` in every form of output, which must hold the same images.
@Suite struct ImageCommandTests {
  /// Each form that images are written in, by the name of the output.
  private static let forms = ["folder", "grid.png", "set.npy", "set.npz"]

  /// The images of a folder by name, and those of the two arrays in their order; the grid must be
  /// the picture of these.
  ///
  /// - Returns: The images, which are the same in every form, and the names of the folder's files.
  private func images(
    in folder: String, columnCount: Int, distinctCount: Int = 2
  ) throws -> (images: [RGBImage], names: [String]) {
    let names = try FileSystem.names(in: folder + "/folder").sorted()
    let images = try names.map { try RGBImage(contentsOfFile: folder + "/folder/" + $0) }
    let array = try NumPyArray(contentsOf: folder + "/set.npy")
    #expect(array.elementType == .uint8 && array.shape == [images.count, 32, 32, 3])
    let archive = try NumPyArchive(contentsOf: folder + "/set.npz")
    #expect(try archive.array("arr_0") == array)
    #expect(try array.elements(as: UInt8.self) == images.flatMap(\.pixels))
    let grid = try RGBImage(contentsOfFile: folder + "/grid.png")
    #expect(grid == ImageGrid().picture(images, columnCount: columnCount))
    #expect(
      Set(images.map(\.pixels)).count >= distinctCount, "images that cannot be told apart")
    return (images, names)
  }

  @Test func samplesAreTheSameInEveryFormAndTheirCodesDecodeToThem() throws {
    try withTemporaryDirectory { folder in
      let runs = SmallRuns(folder: folder)
      let tokenizer = ModelSource(path: try runs.imported(.tokenizer))
      let sampling = try Sampling(
        tokenizer: tokenizer, generator: ModelSource(path: try runs.imported(.generator)))
      for output in [folder + "/sampled", folder + "/decoded"] {
        try FileSystem.createDirectory(output)
      }
      for form in Self.forms {
        let codes = "\(folder)/\(form).codes.npy"
        _ = try sampling.run(
          SamplingRequest(
            labels: [7, 7, 7, 0, 0, 0], guidance: Guidance(strength: 1.5), seed: 5,
            output: "\(folder)/sampled/\(form)", codes: codes, columnCount: 3))
        _ = try ImageCommands.decode(codes, with: tokenizer, to: "\(folder)/decoded/\(form)")
      }
      let codes = try Self.forms.map { try Data(contentsOf: file("\(folder)/\($0).codes.npy")) }
      #expect(Set(codes).count == 1, "the codes do not depend on the form of the images")
      #expect(try NumPyArray(contentsOf: "\(folder)/folder.codes.npy").shape == [6, 16])

      let array = try NumPyArray(contentsOf: folder + "/sampled/set.npy")
      #expect(try NumPyArray(contentsOf: folder + "/decoded/set.npy") == array)
      let decoded = try images(in: folder + "/decoded", columnCount: 3, distinctCount: 6)
      #expect(decoded.names == (0..<6).map { "0000\($0).png" })
      // Names sort as the images are: in the order of the command, here not that of the classes.
      let listing = try ImageFolder.listing(of: folder + "/sampled/folder")
      let expected = (0..<6).map {
        "0000\($0)-class-\($0 < 3 ? "007" : "000")-0000\($0 % 3).png"
      }
      #expect(listing.images.map { SystemPath.name(of: $0) } == expected)
      #expect(try listing.images.map { try RGBImage(contentsOfFile: $0) } == decoded.images)
      #expect(listing.omitted.count == 1)
      #expect(try SamplingRecord.without(listing.omitted).isEmpty)
      let grid = try RGBImage(contentsOfFile: folder + "/sampled/grid.png")
      #expect(grid == ImageGrid().picture(decoded.images, columnCount: 3))
      let archive = try NumPyArchive(contentsOf: folder + "/sampled/set.npz")
      #expect(try archive.array("arr_0") == array)
    }
  }

  /// An image depends on its class and its number in it, not on what is sampled beside it.
  @Test func anImageDoesNotDependOnItsPlace() throws {
    try withTemporaryDirectory { folder in
      let runs = SmallRuns(folder: folder)
      var sampling = try Sampling(
        tokenizer: ModelSource(path: try runs.imported(.tokenizer, standardDeviation: 1)),
        generator: ModelSource(path: try runs.imported(.generator)))
      func sample(_ classes: [Int], _ count: Int, to name: String) throws -> [String: Data] {
        _ = try sampling.run(
          SamplingRequest(
            labels: try LabelSelection.classes(classes, count: count).labels(classCount: 10),
            guidance: Guidance(strength: 1.5), seed: 5, output: folder + "/" + name))
        return try FileSystem.names(in: folder + "/" + name).reduce(into: [:]) {
          guard $1.hasSuffix(".png") else { return }
          // Behind the number in the output there are class and number in the class.
          $0[String($1.dropFirst(6))] = try Data(contentsOf: file("\(folder)/\(name)/\($1)"))
        }
      }
      let all = try sample([0, 3, 7], 6, to: "all")
      #expect(all.count == 18 && Set(all.values).count == 18)
      for (index, other) in try [
        sample([3], 2, to: "few"), sample([7, 3], 1, to: "one"), sample([3, 3, 7], 2, to: "twice"),
      ].enumerated() {
        #expect(other.count == [2, 2, 6][index])
        for (name, content) in other { #expect(all[name] == content, "\(name)") }
      }
      for (batchSize, threadCount) in [(1, 1), (3, 2), (32, 3)] {
        sampling.batchSize = batchSize
        setThreadCount(threadCount)
        #expect(try sample([0, 3, 7], 6, to: "batch-\(batchSize)") == all)
      }
    }
  }

  /// A floor guides the steps outside the window whatever the strength is.
  @Test func aFloorGuidesWithoutAStrength() throws {
    try withTemporaryDirectory { folder in
      let runs = SmallRuns(folder: folder)
      let sampling = try Sampling(
        tokenizer: ModelSource(path: try runs.imported(.tokenizer, standardDeviation: 1)),
        generator: ModelSource(path: try runs.imported(.generator, standardDeviation: 1)))
      func codes(_ strength: Double, floor: Double) throws -> [Int32] {
        let name = "\(folder)/\(strength)-\(floor)"
        _ = try sampling.run(
          SamplingRequest(
            labels: [1, 2, 3, 4],
            guidance: Guidance(strength: strength, schedule: .step(start: 0.9, floor: floor)),
            output: name + ".npy", codes: name + ".codes.npy"))
        return try NumPyArray(contentsOf: name + ".codes.npy").elements(as: Int32.self)
      }
      let none = try codes(1, floor: 1)
      #expect(try codes(1, floor: 3) != none)
      #expect(try codes(1, floor: 3) == codes(1.000_000_1, floor: 3))
      #expect(try codes(1.000_000_1, floor: 1) == none)
    }
  }

  /// Nothing is computed for an output that cannot be written, and nothing is left of it.
  @Test func anOutputThatCannotBeWrittenIsKnownBefore() throws {
    try withTemporaryDirectory { folder in
      let runs = SmallRuns(folder: folder)
      let tokenizer = ModelSource(path: try runs.imported(.tokenizer))
      let sampling = try Sampling(
        tokenizer: tokenizer, generator: ModelSource(path: try runs.imported(.generator)))
      func sample(to output: String, codes: String?, count: Int = 1) throws {
        _ = try sampling.run(
          SamplingRequest(
            labels: try LabelSelection.classes([1], count: count).labels(classCount: 10),
            choice: .greedy, output: output, codes: codes))
      }
      let before = try FileSystem.names(in: folder)
      #expect(throws: FileError.self) { try sample(to: folder + "/no/x.npy", codes: nil) }
      #expect(throws: FileError.self) {
        try sample(to: folder + "/x.npy", codes: folder + "/no/y.npy")
      }
      #expect(throws: CommandError.self) {
        try sample(to: folder + "/x.npy", codes: nil, count: 1 << 62)
      }
      #expect(throws: FileError.self) {
        try WeightExport.write(tokenizer, to: folder + "/no/x.safetensors")
      }
      #expect(try FileSystem.names(in: folder) == before)
    }
  }

  /// What is read is never written over.
  @Test func anOutputIsNoInput() throws {
    try withTemporaryDirectory { folder in
      let runs = SmallRuns(folder: folder)
      let tokenizer = ModelSource(path: try runs.imported(.tokenizer))
      let (images, codes) = (folder + "/images", folder + "/codes.npy")
      try write(testImages, toFolder: images)
      _ = try ImageCommands.encode([images], with: tokenizer, to: codes)
      let before = try ContentDigest.ofFile(at: codes).value
      let names = try FileSystem.names(in: images)
      for use in [
        { _ = try ImageCommands.decode(codes, with: tokenizer, to: folder + "/./codes.npy") },
        {
          _ = try ImageCommands.reconstruct(
            [images], with: tokenizer, keepCount: nil, to: images + "/")
        },
        {
          _ = try ImageCommands.reconstruct(
            [images + "/00000.png"], with: tokenizer, keepCount: nil, to: images)
        },
      ] as [() throws -> Void] {
        #expect(throws: CommandError.self) { try use() }
      }
      #expect(try ContentDigest.ofFile(at: codes).value == before)
      #expect(try FileSystem.names(in: images) == names)
      let originals = try names.map { try RGBImage(contentsOfFile: images + "/" + $0) }
      #expect(originals == testImages)
    }
  }

  @Test func reconstructionsAreTheSameInEveryFormAndTheDecodedCodes() throws {
    try withTemporaryDirectory { folder in
      let tokenizer = ModelSource(
        path: try SmallRuns(folder: folder).imported(.tokenizer, standardDeviation: 1))
      let originals = folder + "/originals.npy"
      try array(of: testImages).write(to: originals)
      for output in [folder + "/whole", folder + "/decoded", folder + "/prefix"] {
        try FileSystem.createDirectory(output)
      }
      let codes = folder + "/codes.npy"
      _ = try ImageCommands.encode([originals], with: tokenizer, to: codes)
      for form in Self.forms {
        let whole = try ImageCommands.reconstruct(
          [originals], with: tokenizer, keepCount: nil, to: "\(folder)/whole/\(form)")
        let prefix = try ImageCommands.reconstruct(
          [originals], with: tokenizer, keepCount: 4, to: "\(folder)/prefix/\(form)")
        #expect(whole.imageCount == 5 && whole.tokenCount == 16 && prefix.tokenCount == 4)
        #expect(prefix.peakSignalToNoiseRatio != whole.peakSignalToNoiseRatio)
        _ = try ImageCommands.decode(codes, with: tokenizer, to: "\(folder)/decoded/\(form)")
      }
      let whole = try images(in: folder + "/whole", columnCount: 3)
      #expect(whole.names == (0..<5).map { "0000\($0)-originals-0000\($0).png" })
      #expect(try images(in: folder + "/decoded", columnCount: 3).images == whole.images)
      #expect(try images(in: folder + "/prefix", columnCount: 3).images != whole.images)
    }
  }

  /// Written reconstructions pair with their originals, whose names sort otherwise without their endings.
  @Test func reconstructionsSortAsTheirOriginals() throws {
    try withTemporaryDirectory { folder in
      let tokenizer = ModelSource(
        path: try SmallRuns(folder: folder).imported(.tokenizer, standardDeviation: 1))
      let names = ["a.jpg", "a.png", "p.jpg", "p.large.jpg"]
      try write(Array(testImages.prefix(4)), toFolder: folder + "/originals", names: names)
      let report = try ImageCommands.reconstruct(
        [folder + "/originals"], with: tokenizer, keepCount: nil, to: folder + "/out",
        threadCount: 1)
      #expect(
        try FileSystem.names(in: folder + "/out") == [
          "00000-a.png", "00001-a.png", "00002-p.png", "00003-p.large.png",
        ])
      let evaluation = ReconstructionEvaluation(
        originals: [folder + "/originals"], source: .images([folder + "/out"]))
      let certificate = try #require(
        try evaluation.run(EvaluationContext(communicator: .single(), threadCount: 1)))
      let ratio = try #require(certificate.value("psnr"))
      #expect(abs(ratio - (try #require(report.peakSignalToNoiseRatio))) < 1e-9)
    }
  }

  /// Images of large squares in random colours, which have little in common.
  private var testImages: [RGBImage] {
    var numbers = TestNumbers(seed: 9)
    return (0..<5).map { _ in
      let squares = (0..<48).map { _ in numbers.next() % 2 == 0 ? UInt8(0) : 255 }
      let pixels = (0..<32 * 32 * 3).map { place in
        let (pixel, colour) = place.quotientAndRemainder(dividingBy: 3)
        return squares[((pixel / 32 / 8) * 4 + pixel % 32 / 8) * 3 + colour]
      }
      return RGBImage(height: 32, width: 32, pixels: pixels)
    }
  }

  private func file(_ path: String) -> URL { URL(fileURLWithPath: path) }
}
