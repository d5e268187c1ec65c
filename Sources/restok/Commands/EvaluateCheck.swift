import ArgumentParser
import Evaluation

/// `restok evaluate check`: whether the figures are right on this machine.
struct EvaluateCheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Compute all figures of a small case, and compare them with known values.",
    discussion: """
      The case is part of the program; its values were computed with NumPy, SciPy and PyTorch. Ends with status 65 \
      if a figure is off.
      """)

  @Flag(help: "Print the figures as one line of JSON.")
  var json = false

  func run() throws {
    try RankSession.requireSingleRank("evaluate check")
    let check = try EvaluationCheck.run()
    try show(check, asJSON: json)
    if !check.isPassed { throw ExitStatusError(status: .data) }
  }
}
