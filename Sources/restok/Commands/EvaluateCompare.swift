import ArgumentParser
import Evaluation

/// `restok evaluate compare`: the figures of two certificates side by side, if they were made alike.
struct EvaluateCompare: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Put the figures of two certificates side by side, if they were made in one way.",
    discussion: """
      Ends with status 65 where their protocols differ, and names every field that does. --allow passes over \
      a field whose difference is meant, such as seeds.
      """)

  @Argument(help: "A certificate, as --output keeps it.")
  var first: String

  @Argument(help: "Another one.")
  var second: String

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Fields of the protocol that may differ.", valueName: "field"))
  var allow: [String] = []

  @Flag(help: "Print the figures as one line of JSON.")
  var json = false

  func run() throws {
    try RankSession.requireSingleRank("evaluate compare")
    let comparison = try CertificateComparison(
      EvaluationCertificate(contentsOf: first), EvaluationCertificate(contentsOf: second),
      allowing: allow)
    try show(comparison, asJSON: json)
  }
}
