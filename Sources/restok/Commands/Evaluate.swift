import ArgumentParser
import ArrayFiles
import Evaluation
import Inference
import Reporting

/// `restok evaluate`: scores of reconstructions and of samples, with everything that they depend on.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score reconstructions and samples, and compare the scores.",
    discussion: """
      Every figure comes with a certificate: the digests of images, reference and networks, counts, crops, \
      rounding, splits and k. Figures whose certificates differ are not compared. Docs/Evaluation.md \
      defines the figures, and lists why two programs may not give the same.
      """,
    subcommands: [
      EvaluateReconstruction.self, EvaluateGeneration.self, EvaluateStatistics.self,
      EvaluateCompare.self, EvaluateCheck.self,
    ])
}

/// How ranks work on an evaluation.
struct EvaluationRanks: ParsableArguments {
  @OptionGroup private var rank: ThreadsOption

  private var threads: Int? { rank.threads }

  /// Measures on this session's ranks, with progress on the terminal of the first.
  func run<Result>(
    _ session: RankSession, _ measure: (EvaluationContext) throws -> Result
  ) throws -> Result {
    try session.evaluation("images", threadCount: threads, measure)
  }
}

extension RankSession {
  /// Looks at images with all ranks, with progress on the terminal of the first.
  ///
  /// - Parameters:
  ///   - what: What is counted, such as "images".
  ///   - threadCount: Threads of each rank; nil for its cores.
  ///   - work: The work of a rank.
  /// - Returns: What `work` returns.
  /// - Throws: What `work` throws.
  func evaluation<Result>(
    _ what: String, threadCount: Int?, _ work: (EvaluationContext) throws -> Result
  ) throws -> Result {
    var line = ProgressLine(what)
    defer { line.finish() }
    return try withoutActuallyEscaping({ line.show($0, of: $1) }) { progress in
      try work(
        EvaluationContext(
          communicator: world, threadCount: threadCount, notice: warn, progress: progress))
    }
  }
}

/// Where a certificate goes, and what is stated in it.
struct CertificateOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Keep the certificate in this .json file.", valueName: "file"))
  var output: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "What is known about the images, such as guidance=3.75 seed=0; seed, rounding and labels_digest belong to "
        + "the protocol.",
      valueName: "name=value"))
  var stated: [String] = []

  @OptionGroup var ranks: EvaluationRanks

  @Flag(help: "Print the certificate as one line of JSON.")
  var json = false

  func validate() throws {
    _ = try facts()
    guard output.map({ $0.hasSuffix(".json") }) ?? true else {
      throw ValidationError("--output \(output ?? ""): certificates go to a .json file")
    }
  }

  /// What is stated.
  func facts() throws -> [MeasuredSubject.Fact] {
    let facts = try stated.map { text in
      guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
        throw ValidationError("--stated \(text): expected name=value")
      }
      return MeasuredSubject.Fact(
        name: String(text[..<sign]), value: String(text[text.index(after: sign)...]))
    }
    let names = facts.map(\.name)
    if let index = names.indices.first(where: { names[..<$0].contains(names[$0]) }) {
      throw ValidationError("--stated \(stated[index]): \(names[index]) is stated twice")
    }
    return facts
  }

  /// Measures on all ranks, keeps the certificate, and prints it.
  ///
  /// - Parameters:
  ///   - inputs: The files and folders that are read, apart from which the certificate goes.
  ///   - measure: The work of a rank.
  /// - Throws: `CommandError.unsupported` for a place of something else; what `measure` throws.
  func run(
    reading inputs: [String], _ measure: (EvaluationContext) throws -> EvaluationCertificate?
  ) throws {
    try RankSession.run { session in
      if session.isFirst, let output {
        try OutputCheck.requireApart(output, from: inputs)
        try EvaluationCertificate.requirePlace(output)
        try FileSystem.checkWritable(output)
      }
      let certificate = try ranks.run(session, measure)
      guard let certificate else { return }
      if let output { try certificate.write(to: output) }
      try show(certificate, asJSON: json)
    }
  }
}
