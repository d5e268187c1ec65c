import ArgumentParser
import MachineReport

/// `restok doctor`: what this machine can do, and what keeps it from doing so.
struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look at this machine, measure it, and say what slows it down.",
    discussion: """
      Shows processor, libraries, threads and memory, measures the rates of products, of memory and \
      (on many ranks) of sums over ranks, and lists findings, each with its fix. It changes nothing, \
      and its exit status is 0 with findings too. Start it as the run will be started, on as many \
      ranks.
      """)

  @Flag(help: "Print facts, rates and findings as one line of JSON.")
  var json = false

  func run() throws {
    try RankSession.run { session in
      let check = try MachineCheck.run(session.world)
      guard session.isFirst else { return }
      try show(check, asJSON: json)
    }
  }
}
