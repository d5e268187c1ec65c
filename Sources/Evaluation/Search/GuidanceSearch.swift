import ArrayFiles
import Foundation
public import Inference
import Reporting

/// A table of figures over settings of guidance, each of which is sampled and evaluated.
///
/// The folder of a search holds `table.csv`, `table.json`, `plot.png` and, in `measurements`, the certificate of each
/// setting and seed. What is there is not measured again; a table holds only rows of the same weights, reference,
/// network and number of images. Source: Docs/Sampling.md, section 4.
public struct GuidanceSearch {
  /// The settings.
  public var points: [GuidancePoint]
  /// The class of each image.
  public var labels: [Int]
  /// A measurement of each setting for each seed.
  public var seeds: [UInt64]
  /// What samples are compared with.
  public var reference: [String]
  /// The file of Inception-v3.
  public var inception: String
  /// The folder of the search.
  public var folder: String
  /// Images of a split of the Inception Score.
  public var splitSize = 5000

  /// A search.
  public init(
    points: [GuidancePoint], labels: [Int], seeds: [UInt64], reference: [String],
    inception: String, folder: String
  ) {
    precondition(
      !points.isEmpty && !seeds.isEmpty, "GuidanceSearch: \(points.count) points, \(seeds) seeds")
    (self.points, self.labels, self.seeds) = (points, labels, seeds)
    (self.reference, self.inception) = (reference, inception)
    self.folder = SystemPath.withoutEndingSlash(folder)
  }

  /// What is kept of a measurement.
  private struct Measurement: Codable {
    var facts: [String: String]
    var certificate: EvaluationCertificate
  }

  private var measurements: String { folder + "/measurements" }

  /// Measures what is missing, and writes table and plot after every row.
  ///
  /// Collective: every rank.
  ///
  /// - Parameters:
  ///   - sampling: The models.
  ///   - output: The ranks as samples are made.
  ///   - context: The ranks as they are evaluated.
  ///   - report: Told on rank 0 of each row.
  /// - Returns: The table on rank 0; an empty one on the others.
  /// - Throws: The errors of sampling and of evaluation.
  public func run(
    _ sampling: Sampling, _ output: OutputContext, _ context: EvaluationContext,
    row report: (GuidanceRow) -> Void = { _ in }
  ) throws -> GuidanceTable {
    if context.isFirst { try FileSystem.createDirectory(measurements) }
    try context.communicator.barrier()
    let shared = try context.isFirst ? sharedFacts() : [:]
    var table = GuidanceTable(folder: folder)
    for point in points {
      var certificates: [EvaluationCertificate] = []
      var facts: [String: String] = [:]
      for seed in seeds {
        let request = request(point, seed)
        facts = shared.merging(sampling.facts(of: request)) { $1 }
        let measured = try measurement(request, facts, sampling, output, context)
        if let measured { certificates.append(measured) }
      }
      guard context.isFirst else { continue }
      facts["seed"] = seeds.map { "\($0)" }.joined(separator: " ")
      let combined = try EvaluationCertificate.combined(certificates)
      let row = GuidanceRow(facts: facts, figures: combined.figures)
      table.rows.append(row)
      try table.write()
      report(row)
    }
    return table
  }

  private func request(_ point: GuidancePoint, _ seed: UInt64) -> SamplingRequest {
    SamplingRequest(
      labels: labels, guidance: point.guidance, choice: point.choice, seed: seed,
      output: folder + "/samples.npz")
  }

  /// What reference, network and definitions are.
  private func sharedFacts() throws -> [String: String] {
    var digest = ContentDigest()
    for path in reference {
      let isFile = !FileSystem.isDirectory(path)
      let text =
        isFile
        ? try ContentDigest.ofFile(at: path).prefixed
        : "\(path) \(try FileIdentity(of: path).sharedText)"
      digest.update(Array((text + "\n").utf8))
    }
    return [
      "reference": digest.prefixed, "inception": try ContentDigest.ofFile(at: inception).prefixed,
      "split_size": "\(splitSize)", "revision": "\(MeasurementProtocol.currentRevision)",
    ]
  }

  /// The certificate of a setting and seed, on rank 0: the one that is there, or a new one.
  private func measurement(
    _ request: SamplingRequest, _ facts: [String: String], _ sampling: Sampling,
    _ output: OutputContext, _ context: EvaluationContext
  ) throws -> EvaluationCertificate? {
    var digest = ContentDigest()
    for (name, value) in facts.sorted(by: { $0.key < $1.key }) {
      digest.update(Array("\(name)=\(value)\n".utf8))
    }
    let path = "\(measurements)/\(digest.hexadecimal).json"
    let known = context.isFirst ? try measurement(at: path, facts) : nil
    guard try !context.communicator.broadcast([known != nil], root: 0)[0] else { return known }
    _ = try sampling.run(request, output)
    try context.communicator.barrier()
    var evaluation = GenerationEvaluation(
      samples: [request.output], reference: reference, inception: inception)
    evaluation.score = InceptionScore.Configuration(splitSize: splitSize)
    guard let certificate = try evaluation.run(context) else { return nil }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    try AtomicFile.write(
      Array(try encoder.encode(Measurement(facts: facts, certificate: certificate)))
        + [UInt8(ascii: "\n")], to: path)
    for name in ["samples.npz", "samples.json"] { try FileSystem.remove(folder + "/" + name) }
    return certificate
  }

  private func measurement(
    at path: String, _ facts: [String: String]
  ) throws -> EvaluationCertificate? {
    guard FileSystem.exists(path) else { return nil }
    let text = Data(try FileSystem.bytes(of: path, upTo: 1 << 24))
    guard let measurement = try? JSONText.decode(Measurement.self, from: text),
      measurement.facts == facts
    else {
      throw EvaluationError.noCertificate(
        path: path, problem: "it is no measurement of this search, or damaged")
    }
    return measurement.certificate
  }
}
