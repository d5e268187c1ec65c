import ArrayFiles
import Checkpoints
import Evaluation
import Foundation
import HierarchicalGenerator
import ImageFiles
import Inference
import MessagePassing
import PhaseFixtures
import Reporting
import TestSupport
import Testing

/// Searches with small models of random weights.
@Suite struct GuidanceSearchTests {
  /// The models, the network and the reference of a test.
  private final class Place {
    let folder: String
    let runs: SmallRuns
    private(set) var sampling: Sampling
    /// Samplings so far, of one part each.
    private(set) var samplingCount = 0
    /// What happens as samples are made.
    var beside: () throws -> Void = {}

    var output: String { folder + "/search" }

    init(in folder: String) throws {
      self.folder = folder
      runs = SmallRuns(folder: folder)
      try writeRandomNetworks(in: folder)
      try Self.write(9, seed: 1, toFolder: folder + "/reference")
      sampling = try Self.sampling(runs, seed: 3)
    }

    static func sampling(_ runs: SmallRuns, seed: UInt64) throws -> Sampling {
      let models = try [RunKind.tokenizer, .generator].map { kind in
        let files = try runs.write(kind, seed: seed, standardDeviation: 1)
        return ModelSource(path: files.weights, configurationPath: files.configuration)
      }
      return try Sampling(tokenizer: models[0], generator: models[1], threadCount: 1)
    }

    /// Takes other weights.
    func change(seed: UInt64) throws { sampling = try Self.sampling(runs, seed: seed) }

    static func write(_ count: Int, seed: Int, toFolder folder: String) throws {
      try FileSystem.createDirectory(folder)
      for number in 0..<count {
        let pixels = (0..<32 * 32 * 3).map {
          UInt8(truncatingIfNeeded: ($0 / 5 &* (number + seed + 2)) ^ ($0 / 300 &* 11))
        }
        try RGBImage(height: 32, width: 32, pixels: pixels)
          .writePNG(to: "\(folder)/\(100 + number).png")
      }
    }

    func search(
      _ strengths: [Double] = [1, 2], seeds: [UInt64] = [0], count: Int = 6,
      reference: String? = nil
    ) -> GuidanceSearch {
      GuidanceSearch(
        points: GuidancePoint.grid(
          strengths: strengths, schedules: [.step(start: 0.25, floor: 1)], progress: .tokens,
          choices: [TokenChoice(topP: 0.9)]),
        labels: (0..<count).map { $0 % 10 }, seeds: seeds,
        reference: [reference ?? folder + "/reference"],
        inception: folder + "/inception.safetensors", folder: output)
    }

    /// Searches; returns how often was sampled.
    @discardableResult
    func run(
      _ search: GuidanceSearch, row: (GuidanceRow) -> Void = { _ in }
    ) throws -> (table: GuidanceTable, samplingCount: Int) {
      let before = samplingCount
      var failure: (any Error)?
      let table = try withoutActuallyEscaping({ (doneCount: Int, _: Int) in
        guard doneCount > 0 else { return }
        self.samplingCount += 1
        do { try self.beside() } catch { failure = error }
      }) { progress in
        try search.run(
          sampling, OutputContext(progress: progress),
          EvaluationContext(communicator: .single(), threadCount: 1), row: row)
      }
      if let failure { throw failure }
      return (table, samplingCount - before)
    }

    /// The lines of the table.
    func lines() throws -> [String] {
      String(decoding: try FileSystem.bytes(of: output + "/table.csv"), as: UTF8.self)
        .split(separator: "\n").map(String.init)
    }

    func measurements() throws -> [String] {
      try FileSystem.names(in: output + "/measurements").map { output + "/measurements/" + $0 }
    }
  }

  @Test func whatIsMeasuredIsNotMeasuredAgain() throws {
    try withTemporaryDirectory { folder in
      let place = try Place(in: folder)
      let first = try place.run(place.search())
      #expect(first.samplingCount == 2 && first.table.rows.count == 2)
      #expect(try place.lines().count == 3 && place.measurements().count == 2)
      let best = try #require(first.table.best)
      #expect(first.table.rows.allSatisfy { ($0.mean("fid") ?? 0) >= (best.mean("fid") ?? 0) })
      for text in ["guidance=1.0", "schedule=step", "floor=1.0", "progress=tokens", "top_p=0.9"] {
        #expect(first.table.rows[0].description.contains(text), "\(first.table.rows[0])")
      }

      // Between the seeds, and with a further strength between the two.
      let second = try place.run(place.search([1, 1.5, 2], seeds: [0, 1]))
      #expect(second.samplingCount == 4)
      #expect(second.table.rows.map { $0.facts["guidance"] } == ["1.0", "1.5", "2.0"])
      #expect(second.table.rows.allSatisfy { $0.figures[0].values.count == 2 })
      #expect(second.table.rows[0].facts["seed"] == "0 1")
      #expect(second.table.rows[0].figures[0].values[0] == first.table.rows[0].mean("fid"))
      #expect(second.table.description.contains(" ± "))
      let names = ["table.csv", "table.json", "plot.png"].map { place.output + "/" + $0 }
      let bytes = try names.map { try FileSystem.bytes(of: $0) }

      // A table that is there never loses rows: one is measured again, and the others are in it all the while.
      try FileSystem.remove(try #require(try place.measurements().last))
      var counts: [Int] = []
      let third = try place.run(place.search([1, 1.5, 2], seeds: [0, 1])) { _ in
        counts.append((try? place.lines().count) ?? 0)
      }
      #expect(third.samplingCount == 1 && counts.count == 3 && counts.allSatisfy { $0 >= 3 })
      #expect(third.table == second.table)
      #expect(try names.map { try FileSystem.bytes(of: $0) } == bytes)
      #expect(
        try FileSystem.names(in: place.output).sorted() == [
          "measurements", "plot.png", "search.lock", "table.csv", "table.json",
        ])

      // A figure that somebody has changed, and a file that is none.
      let changed = try #require(try place.measurements().last)
      let text = String(decoding: try FileSystem.bytes(of: changed), as: UTF8.self)
      let warmer = text.replacing("\"images\" : 6", with: "\"images\" : 7")
      #expect(warmer != text)
      try AtomicFile.write(Array(warmer.utf8), to: changed)
      #expect(throws: EvaluationError.damagedMeasurement(path: changed)) {
        try place.run(place.search([1, 1.5, 2], seeds: [0, 1]))
      }
      try AtomicFile.write(Array(text.utf8), to: changed)
      let damaged = try #require(try place.measurements().first)
      try AtomicFile.write(Array("{}".utf8), to: damaged)
      #expect(throws: EvaluationError.damagedMeasurement(path: damaged)) {
        try place.run(place.search([1, 1.5, 2], seeds: [0, 1]))
      }
    }
  }

  /// One search works in a folder; another one neither waits nor takes its samples away.
  @Test func searchesOfOneFolderAreKeptApart() throws {
    try withTemporaryDirectory { folder in
      let place = try Place(in: folder)
      var refusal: (any Error)?
      place.beside = {
        place.beside = {}
        refusal = #expect(throws: CommandError.self) { try place.run(place.search([3])) }
      }
      let first = try place.run(place.search([2]))
      #expect("\(refusal as Any)".contains("another command searches there"), "\(refusal as Any)")
      #expect(first.samplingCount == 1 && first.table.rows.count == 1)
      #expect(try place.run(place.search([3])).samplingCount == 1)
    }
  }

  /// A search would replace and remove a reference where it puts its samples.
  @Test func whatIsReadIsNotInTheFolderOfTheSearch() throws {
    try withTemporaryDirectory { folder in
      let place = try Place(in: folder)
      let own = place.output + "/samples.npz"
      try FileSystem.createDirectory(place.output)
      try StatisticsFile(
        pool: FeatureStatistics(mean: [1, 2], covariance: [1, 0, 0, 1]), spatial: nil
      ).write(to: own)
      try FileManager.default.createSymbolicLink(
        atPath: folder + "/link.npz", withDestinationPath: own)
      let bytes = try FileSystem.bytes(of: own)
      for reference in [own, folder + "/link.npz", folder + "/search/../search/samples.npz"] {
        let error = #expect(throws: CommandError.self) {
          try place.run(place.search(reference: reference))
        }
        #expect("\(error as Any)".contains("over or among what is read"), "\(error as Any)")
        #expect(try FileSystem.bytes(of: own) == bytes)
      }
      var search = place.search()
      search.inception = place.output + "/inception.safetensors"
      #expect(throws: CommandError.self) { try place.run(search) }
      #expect(try FileSystem.names(in: place.output) == ["samples.npz"])
    }
  }

  /// What a search leaves that is killed while it evaluates, before and after the certificate.
  @Test func finishedSamplesAreNotSampledAgain() throws {
    try withTemporaryDirectory { folder in
      let place = try Place(in: folder)
      let samples = place.output + "/samples.npz"
      func sample(seed: UInt64) throws {
        try FileSystem.createDirectory(place.output)
        _ = try place.sampling.run(
          SamplingRequest(
            labels: Array(0..<6),
            guidance: Guidance(strength: 2, schedule: .step(start: 0.25, floor: 1)),
            choice: TokenChoice(topP: 0.9), seed: seed, output: samples))
      }
      try sample(seed: 0)
      try FileSystem.createDirectory(place.output + "/.samples.npz.parts/data")
      let first = try place.run(place.search([2]))
      #expect(first.samplingCount == 0 && first.table.rows.count == 1)
      #expect(
        try FileSystem.names(in: place.output).sorted() == [
          "measurements", "plot.png", "search.lock", "table.csv", "table.json",
        ])
      try sample(seed: 0)
      #expect(try place.run(place.search([2])).samplingCount == 0)
      #expect(!FileSystem.exists(samples) && !FileSystem.exists(place.output + "/samples.json"))
      // Those of another seed are not taken for these, and none whose pixels are others.
      try FileSystem.remove(place.output + "/measurements")
      try sample(seed: 1)
      let second = try place.run(place.search([2]))
      #expect(second.samplingCount == 1 && second.table == first.table)
      try FileSystem.remove(place.output + "/measurements")
      try sample(seed: 1)
      let pixels = try FileSystem.bytes(of: samples)
      try sample(seed: 0)
      try AtomicFile.write(pixels, to: samples)
      #expect(throws: EvaluationError.self) { try place.run(place.search([2])) }
    }
  }

  @Test func otherWeightsAndReferencesAreMeasuredAnew() throws {
    try withTemporaryDirectory { folder in
      let place = try Place(in: folder)
      let search = place.search([2])
      #expect(try place.run(search).samplingCount == 1)
      let elsewhere = place.search([2], reference: folder + "/./reference")
      #expect(try place.run(elsewhere).samplingCount == 0)
      // One file in place.
      try Place.write(1, seed: 50, toFolder: folder + "/reference")
      #expect(try place.run(search).samplingCount == 1)
      try place.change(seed: 4)
      #expect(try place.run(search).samplingCount == 1)
      #expect(try place.measurements().count == 3)
      // While samples are compared with it.
      place.beside = { try Place.write(1, seed: 90, toFolder: folder + "/reference") }
      #expect(throws: EvaluationError.changedReference(folder + "/reference")) {
        try place.run(place.search([3]))
      }
      #expect(try place.measurements().count == 3)
      place.beside = {}
      #expect(try place.run(place.search([3])).table.rows.count == 1)
    }
  }

  @Test func everythingIsLookedAtBeforeAnythingIsSampled() throws {
    try withTemporaryDirectory { folder in
      let place = try Place(in: folder)
      try StatisticsFile(
        pool: FeatureStatistics(mean: [1, 2], covariance: [1, 0, 0, 1]), spatial: nil
      ).write(to: folder + "/statistics.npz")
      try Place.write(3, seed: 1, toFolder: folder + "/few")
      try FileSystem.createDirectory(folder + "/nothing")
      var searches = ["statistics.npz", "few", "nothing", "nowhere"].map {
        place.search(reference: "\(folder)/\($0)")
      }
      searches += [place.search(count: 1), place.search(count: 3)]
      searches.append(place.search())
      searches[searches.count - 1].inception = folder + "/vgg16.safetensors"
      searches.append(place.search())
      searches[searches.count - 1].folder = folder + "/reference"
      for search in searches {
        #expect(throws: (any Error).self) { try place.run(search) }
        #expect(!FileSystem.exists(place.output))
      }
      #expect(place.samplingCount == 0)
      // With three samples there is a distance, but no neighbour.
      #expect(
        throws: EvaluationError.tooFewImages(set: "the samples", found: 3, needed: 4)
      ) { try place.run(place.search(count: 3)) }
    }
  }

  /// The command on several ranks, and the list of strengths that it is given.
  @Test func figuresDoNotDependOnTheRanks() async throws {
    let folder = NSTemporaryDirectory() + "/test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let place = try Place(in: folder)
    var tables: [[[UInt8]]] = []
    for rankCount in [1, 2] {
      let output = "\(folder)/search-\(rankCount)"
      let run = try await SpawnedProcess.runRanks(
        rankCount, "restok",
        [
          "search", "guidance", "--threads", "1", "--guidance", "1:2:0.5", "--schedule",
          "step", "--start", "0.25", "--count", "34",
          "--tokenizer", folder + "/tokenizer.safetensors", "--tokenizer-config",
          folder + "/tokenizer.yaml", "--generator", folder + "/generator.safetensors",
          "--generator-config", folder + "/generator.yaml", "--reference", folder + "/reference",
          "--inception", folder + "/inception.safetensors", "--output", output,
        ])
      #expect(run.exitCode == 0, "\(run.standardError)")
      tables.append(
        try ["table.csv", "table.json", "plot.png"].map {
          try FileSystem.bytes(of: "\(output)/\($0)")
        })
      #expect(run.standardOutput.contains("3 rows; least FID: guidance="), "\(run.standardOutput)")
    }
    #expect(tables[0] == tables[1])
    let lines = String(decoding: tables[0][0], as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 4 && place.samplingCount == 0)
    #expect(lines[0].contains(",setting:guidance,") && lines[0].contains("fid,fid_deviation"))
  }
}
