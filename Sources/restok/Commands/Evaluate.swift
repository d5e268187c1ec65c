import ArgumentParser
import ArrayFiles
import Evaluation
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
    var line = ProgressLine("images")
    defer { line.finish() }
    return try withoutActuallyEscaping({ line.show($0, of: $1) }) { progress in
      try measure(
        EvaluationContext(
          communicator: session.world, threadCount: threads, notice: warn, progress: progress))
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
    try stated.map { text in
      guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
        throw ValidationError("--stated \(text): expected name=value")
      }
      return MeasuredSubject.Fact(
        name: String(text[..<sign]), value: String(text[text.index(after: sign)...]))
    }
  }

  /// Measures on all ranks, keeps the certificate, and prints it.
  func run(_ measure: (EvaluationContext) throws -> EvaluationCertificate?) throws {
    try RankSession.run { session in
      if session.isFirst, let output {
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
