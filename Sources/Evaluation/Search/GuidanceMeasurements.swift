import ArrayFiles
import HierarchicalGenerator
import Inference
import MessagePassing
import Reporting

/// What a search has measured, and how it measures what is missing.
struct GuidanceMeasurements {
  private let search: GuidanceSearch
  private let sampling: Sampling
  private let output: OutputContext
  private let context: EvaluationContext
  private let network: InceptionFile
  /// On rank 0.
  private let reference: ReferenceIdentity?
  private let folder: MeasurementFolder
  /// On rank 0.
  private let lock: FileLock?

  /// Looks at everything that samples will be compared with, and then makes the folder and takes its lock.
  ///
  /// Collective: every rank. Nothing has been sampled when this throws.
  ///
  /// - Throws: `EvaluationError` for a reference that the samples cannot be compared with; `CommandError.unsupported`
  ///   for a reference or a network in the folder of the search, and for a folder that another search works in; the
  ///   errors of files and of the network.
  init(
    _ search: GuidanceSearch, _ sampling: Sampling, _ output: OutputContext,
    _ context: EvaluationContext
  ) throws {
    (self.search, self.sampling, self.output, self.context) = (search, sampling, output, context)
    folder = MeasurementFolder(path: search.folder + "/measurements")
    context.setThreads()
    if context.isFirst {
      try OutputCheck.requireApart(search.folder, from: search.reference + [search.inception])
    }
    network = try InceptionFile(path: search.inception)
    if context.isFirst {
      let source = try ReferenceSource(paths: search.reference, size: nil)
      try source.requireDimensions(InceptionFeatures.Sizes(of: network.network))
      try search.evaluation.requireCounts(
        of: source, sampleCount: search.labels.count, name: "the samples")
      reference = try ReferenceIdentity(paths: search.reference)
      try FileSystem.createDirectory(folder.path)
      lock = try Self.lock(search.folder)
    } else {
      (reference, lock) = (nil, nil)
    }
    try context.communicator.barrier()
  }

  /// The right to write into the folder, held by one command at a time.
  private static func lock(_ folder: String) throws -> FileLock {
    let path = folder + "/search.lock"
    guard let lock = try FileLock(file: path) else {
      throw CommandError.unsupported(
        "--output \(folder): another command searches there (it holds \(path)): wait for that one, or name another "
          + "place")
    }
    return lock
  }

  /// Gives the folder back.
  func release() { lock?.release() }

  /// The row of a setting, on rank 0; nil where a seed is missing, and on the others.
  ///
  /// - Throws: `EvaluationError`, `FileError`.
  func row(of point: GuidancePoint) throws -> GuidanceRow? {
    guard context.isFirst else { return nil }
    var (certificates, facts): ([EvaluationCertificate], [String: String]) = ([], [:])
    for seed in search.seeds {
      facts = self.facts(of: search.request(point, seed))
      guard let certificate = try folder.certificate(of: facts) else { return nil }
      certificates.append(certificate)
    }
    facts["seed"] = search.seeds.map { "\($0)" }.joined(separator: " ")
    return GuidanceRow(
      facts: facts, figures: try EvaluationCertificate.combined(certificates).figures)
  }

  /// Measures the seeds of a setting that are missing.
  ///
  /// Collective: every rank.
  ///
  /// - Throws: The errors of sampling and of evaluation.
  func complete(_ point: GuidancePoint) throws {
    for seed in search.seeds {
      let request = search.request(point, seed)
      let facts = facts(of: request)
      var isKnown = try context.isFirst && folder.certificate(of: facts) != nil
      var isSampled = try context.isFirst && isSampled(request)
      if isSampled { try SharedOutput.removeParts(of: request.output) }
      if isKnown && isSampled { try removeSamples() }
      let flags = try context.communicator.broadcast([isKnown, isSampled], root: 0)
      (isKnown, isSampled) = (flags[0], flags[1])
      if isKnown { continue }
      if isSampled {
        output.tell("going on: \(request.output) is finished already")
      } else {
        _ = try sampling.run(request, output)
        try context.communicator.barrier()
      }
      let certificate = try search.evaluation.run(context, through: network)
      guard let certificate else { continue }
      try reference?.requireUnchanged()
      try folder.write(certificate, of: facts)
      try removeSamples()
    }
  }

  /// Whether the samples of a request are there, as a search leaves them that was killed while it evaluated; that they
  /// have the record's digest is seen when they are read.
  private func isSampled(_ request: SamplingRequest) throws -> Bool {
    guard FileSystem.exists(request.output) else { return false }
    do {
      return try SamplingRecord.beside(request.output)?
        .isOfSameSampling(as: sampling.record(of: request)) == true
    } catch is CommandError {
      // Of another version, or damaged: sampling replaces it.
      return false
    }
  }

  /// Removes samples that have been measured; their record, by which they would be known, comes last.
  private func removeSamples() throws {
    for name in ["samples.npz", "samples.json"] {
      try FileSystem.remove(search.folder + "/" + name)
    }
  }

  /// Everything that the figures of some samples depend on; on rank 0 all of it.
  private func facts(of request: SamplingRequest) -> [String: String] {
    var facts = sampling.facts(of: request)
    facts["reference"] = reference?.digest
    facts["inception"] = network.record.digest
    facts["split_size"] = "\(search.splitSize)"
    facts["revision"] = "\(MeasurementProtocol.currentRevision)"
    return facts
  }
}
