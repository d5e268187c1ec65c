import ArrayFiles
import Configurations
import Evaluation
import HierarchicalGenerator
import ImageFiles
import Inference
import MessagePassing
import PhaseFixtures
import Reporting
import TestSupport
import Testing

/// The record of a sampling beside its images: what of it comes into a certificate, and when it is of other images.
@Suite struct SamplingRecordTests {
  private static let size = 34

  /// The classes of twelve images, each class in every split of four.
  private let labels: [Int32] = (0..<12).map { 3 - $0 % 4 }

  private func image(_ number: Int, seed: Int) -> RGBImage {
    RGBImage(
      height: Self.size, width: Self.size,
      pixels: (0..<Self.size * Self.size * 3).map {
        UInt8(truncatingIfNeeded: ($0 / 5 &* (number + seed + 2)) ^ ($0 / 300 &* 11))
      })
  }

  private func images(_ count: Int, seed: Int) -> [RGBImage] {
    (0..<count).map { image($0, seed: seed) }
  }

  private func record(seed: UInt64, _ labels: [Int32]) -> SamplingRecord {
    SamplingRecord(
      labels: labels, guidance: Guidance(strength: 2), choice: TokenChoice(topP: 0.5), seed: seed,
      precision: .float32, tokenOrder: "hierarchical", tokenizerDigest: "t", generatorDigest: "g",
      program: [:])
  }

  /// Writes images as `sample` does; as `decode` does, without a record.
  private func write(
    _ output: String, seed: UInt64 = 9, _ labels: [Int32]? = nil, isRecorded: Bool = true,
    stopped: Bool = false
  ) throws {
    struct Killed: Error {}
    let labels = labels ?? self.labels
    let plan = OutputPlan(
      images: try ImageOutput(path: output), codes: nil, imageCount: labels.count,
      imageSize: Self.size, tokenCount: 1, labels: labels,
      record: isRecorded ? record(seed: seed, labels) : nil, facts: ["seed": "\(seed)"],
      name: { "class-\(labels[$0])" }, origin: { "\($0)" })
    _ = try SharedOutput(plan, OutputContext()).run { block in
      if stopped { throw Killed() }
      var content = BlockContent()
      content.images = block.map { image($0, seed: Int(seed)) }
      return content
    }
  }

  private func write(_ images: [RGBImage], to path: String) throws {
    let shape = [images.count, Self.size, Self.size, 3]
    try NumPyArchive.write(
      [("arr_0", NumPyArray(images.flatMap(\.pixels), shape: shape))], to: path)
  }

  /// Evaluates samples of a folder that `withNetworks` has prepared.
  private func evaluate(
    _ folder: String, _ samples: String..., size: Int? = nil, stated: [String: String] = [:],
    notice: @escaping (String) -> Void = { _ in }
  ) throws -> EvaluationCertificate {
    var evaluation = GenerationEvaluation(
      samples: samples.map { "\(folder)/\($0)" }, reference: [folder + "/reference.npz"],
      inception: folder + "/inception.safetensors")
    evaluation.score = InceptionScore.Configuration(splitSize: 4)
    evaluation.size = size
    evaluation.stated = stated.map { .init(name: $0.key, value: $0.value) }
    return try #require(
      try evaluation.run(
        EvaluationContext(communicator: .single(), threadCount: 1, notice: notice)))
  }

  private func withNetworks(_ body: (_ folder: String) throws -> Void) throws {
    try withTemporaryDirectory { folder in
      try writeRandomNetworks(in: folder)
      try write(images(13, seed: 60), to: folder + "/reference.npz")
      try body(folder)
    }
  }

  /// The problem of an evaluation that refuses a record.
  private func problem(_ work: () throws -> EvaluationCertificate) -> String {
    let error = #expect(throws: EvaluationError.self) { try work() }
    guard case .foreignRecord(_, let problem) = error else { return "\(error as Any)" }
    return problem
  }

  /// The order of the images, on which the Inception Score depends, is that of the sampling in every form.
  @Test func aFolderAndAnArchiveOfOneSamplingAgree() throws {
    try withNetworks { folder in
      for form in ["samples.npz", "samples.npy", "samples"] {
        // An array and an archive share the name of their record.
        try write("\(folder)/\(form)")
      }
      try write(folder + "/samples.npz")
      var notices: [String] = []
      let archive = try evaluate(folder, "samples.npz")
      let files = try evaluate(folder, "samples") { notices.append($0) }
      #expect(notices.isEmpty, "\(notices)")
      #expect(archive.figures == files.figures && archive.value("is") != nil)
      #expect(archive.method == files.method && archive.subject.digest == files.subject.digest)
      #expect(files.method.seeds == ["9"] && files.method.rounding == "nearest")
      #expect(files.method.imageOrder == record(seed: 9, labels).labelsDigest)
      let facts = Dictionary(uniqueKeysWithValues: files.subject.stated.map { ($0.name, $0.value) })
      #expect(facts["guidance"] == "2.0" && facts["top_p"] == "0.5" && facts["order"] == nil)
      #expect(facts["token_order"] == "hierarchical" && facts["generator"] == "g")
      // The record is of the images before they are brought to a size.
      #expect(try evaluate(folder, "samples", size: 20).method.seeds == ["9"])
    }
  }

  @Test func unlikeOrdersAndRoundingsAreNoTable() throws {
    try withNetworks { folder in
      try write(folder + "/mixed.npz")
      try write(folder + "/sorted.npz", labels.sorted())
      try write(images(12, seed: 9), to: folder + "/other.npz")
      let mixed = try evaluate(folder, "mixed.npz")
      let sorted = try evaluate(folder, "sorted.npz")
      let other = try evaluate(folder, "other.npz")
      #expect(other.method.imageOrder == nil && other.method.seeds.isEmpty)
      for (certificate, fields) in [
        (sorted, ["image_order"]), (other, ["image_order", "rounding", "seeds"]),
      ] {
        let error = #expect(throws: EvaluationError.self) {
          try CertificateComparison(mixed, certificate)
        }
        guard case .unlikeProtocols(let differences) = error else { continue }
        #expect(differences.map(\.field) == fields)
      }
      // What is stated counts as much as what a record says.
      let stated = try evaluate(
        folder, "other.npz",
        stated: [
          "seed": "9", "rounding": "nearest",
          "labels_digest": record(seed: 9, labels).labelsDigest,
        ])
      _ = try CertificateComparison(mixed, stated)
    }
  }

  @Test func aRecordOfOtherImagesIsRefused() throws {
    try withNetworks { folder in
      let samples = folder + "/samples.npz"
      try write(samples)
      try write(folder + "/folder")
      #expect(
        try evaluate(folder, "samples.npz", stated: ["seed": "9", "who": "me"]).method.seeds == [
          "9"
        ])
      #expect(
        problem { try evaluate(folder, "samples.npz", stated: ["seed": "8"]) }
          == "it says seed=9, and stated is 8")
      try write(images(11, seed: 9), to: samples)
      #expect(
        problem { try evaluate(folder, "samples.npz") }
          == "it says 12 images, and there are 11")
      try write(images(12, seed: 10), to: samples)
      for size in [nil, 20] {
        #expect(
          problem { try evaluate(folder, "samples.npz", size: size) }
            .contains("it is of images with the digest xxh64:"))
      }
      let file = try #require(
        try FileSystem.names(in: folder + "/folder").first { $0.hasPrefix("00007") })
      try image(7, seed: 1).writePNG(to: "\(folder)/folder/\(file)")
      #expect(problem { try evaluate(folder, "folder") }.contains("it is of images with"))
    }
  }

  /// An archive and an array share the name of their record, which is of the later one.
  @Test func theRecordOfAnArrayIsNotTakenForThatOfAnArchive() throws {
    try withNetworks { folder in
      try write(folder + "/samples.npz", seed: 9)
      try write(folder + "/samples.npy", seed: 10)
      #expect(
        problem { try evaluate(folder, "samples.npz") }
          .contains("it may be of an .npz or .npy file of the same name"))
      #expect(try evaluate(folder, "samples.npy").method.seeds == ["10"])
    }
  }

  @Test func otherFilesOfTheNameAreNoRecords() throws {
    try withNetworks { folder in
      try write(images(12, seed: 9), to: folder + "/samples.npz")
      let beside = folder + "/samples.json"
      for text in ["[1]", "{", "{\"kind\": \"sampling\"}", "{\"kind\": 3, \"format_version\": 2}"] {
        try AtomicFile.write(Array(text.utf8), to: beside)
        #expect(try evaluate(folder, "samples.npz").method.seeds.isEmpty)
        let error = #expect(throws: CommandError.self) { try write(folder + "/samples.npz") }
        #expect("\(error as Any)".contains("is no record of a sampling"))
        // Without a record of its own a command leaves it alone.
        try write(folder + "/samples.npz", isRecorded: false)
        #expect(try FileSystem.bytes(of: beside) == Array(text.utf8))
      }
      for (text, word) in [
        ("{\"kind\": \"sampling\", \"format_version\": 1, \"images\": 12}", "format version 1"),
        ("{\"kind\": \"sampling\", \"format_version\": 2, \"images\": 12}", "cannot be read"),
      ] {
        try AtomicFile.write(Array(text.utf8), to: beside)
        let error = #expect(throws: CommandError.self) { try evaluate(folder, "samples.npz") }
        #expect("\(error as Any)".contains(word), "\(error as Any)")
      }
      // Such a record is replaced like others.
      try write(folder + "/samples.npz")
      #expect(try evaluate(folder, "samples.npz").method.seeds == ["9"])
    }
  }

  /// No record stands beside images that it is not of, however far a command came.
  @Test func theRecordGoesBeforeTheImagesAndComesBehindThem() throws {
    try withTemporaryDirectory { folder in
      let (samples, beside) = (folder + "/samples.npz", folder + "/samples.json")
      try write(samples)
      let old = try SamplingRecord.beside(samples)
      #expect(old?.isOfSameSampling(as: record(seed: 9, labels)) == true)
      #expect(old?.isOfSameSampling(as: record(seed: 8, labels)) == false)
      // As long as the old images are there, so is their record.
      #expect(throws: (any Error).self) { try write(samples, seed: 10, stopped: true) }
      #expect(try SamplingRecord.beside(samples) == old)
      // `decode` and `reconstruct` have none.
      try write(samples, isRecorded: false)
      #expect(!FileSystem.exists(beside))
      #expect(try FileSystem.names(in: folder) == ["samples.npz"])
    }
  }

  @Test func recordsOfSeveralFoldersAreSpokenOf() throws {
    try withNetworks { folder in
      try write(folder + "/first")
      try write(folder + "/second", seed: 10)
      let both = try evaluate(folder, "first", "second", stated: ["guidance": "2.0"])
      #expect(both.method.imageCount == 24 && both.method.seeds.isEmpty)
      #expect(both.subject.stated.map(\.name) == ["guidance"])
      #expect(both.warnings.contains { $0.contains("beside 2 of 2 paths are not taken over") })
    }
  }
}
