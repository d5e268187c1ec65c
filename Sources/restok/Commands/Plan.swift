import ArgumentParser
import ArrayFiles
import Benchmarks
import Foundation
import MachineReport
import Reporting

/// `restok plan`: what a run will need.
struct Plan: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what a run will need: weights, operations, memory, bytes, hours.",
    discussion: """
      Counts weights and operations of the model and of every network of its losses, what a rank \
      keeps, sends and saves; then rehearses a step on made-up samples with random weights, and scales \
      it to the configuration's lanes: memory of a rank, and hours without the exchange between \
      ranks. Start it on a machine of the kind that a rank will have, bound as a rank will be. \
      Neither data nor files of networks are read.
      """)

  @Argument(help: ArgumentHelp("The configuration.", valueName: "config"))
  var config: String

  @Argument(
    help: ArgumentHelp("Values to use instead of the configuration's.", valueName: "key.path=value")
  )
  var overrides: [String] = []

  @Option(help: "Ranks of the run (default: as many as lanes).")
  var ranks: Int?

  @Flag(help: "Only count: nothing is run, and memory and hours are not known.")
  var countOnly = false

  @Flag(help: "Print the figures as one line of JSON.")
  var json = false

  func validate() throws {
    if let ranks, !(1...65_536).contains(ranks) {
      throw ValidationError("--ranks \(ranks): expected 1 to 65536")
    }
  }

  func run() throws {
    try RankSession.requireSingleRank("plan")
    let plan = try RunPlan(contentsOf: config, overrides: overrides, rankCount: ranks)
    let counted = try plan.report(rehearse: nil)
    guard !countOnly else { return try show(counted, asJSON: json) }
    do {
      try requireRoom(for: counted)
      try show(try plan.report { try rehearse(sampleCount: $0) }, asJSON: json)
    } catch let error as CommandError {
      // What is counted is known all the same.
      try show(counted, asJSON: json)
      throw error
    }
  }

  /// Refuses to rehearse what cannot fit: the system would end a process, and perhaps another one's.
  private func requireRoom(for counted: PlanReport) throws(CommandError) {
    let memory = MemoryDescription.current
    guard memory.totalByteCount > 0, counted.stateByteCount > memory.availableByteCount else {
      return
    }
    let sizes = [counted.stateByteCount, memory.availableByteCount].map {
      String(format: "%.2f GiB", Double($0) / Double(1 << 30))
    }
    throw CommandError.rehearsalFailed(
      "a rank needs \(sizes[0]) without activations, and \(sizes[1]) are available: plan on a machine with "
        + "more memory")
  }

  /// Times a step in a process of its own.
  private func rehearse(sampleCount: Int) throws -> StepTiming {
    let arguments =
      [
        "bench", "step", "--config", config, "--batch", "\(sampleCount)", "--steps", "2",
        "--warmup",
        "1", "--recipe", "configured", "--json",
      ] + overrides
    let output = try ChildProcess.output(of: arguments)
    do {
      return try JSONDecoder().decode(StepTiming.self, from: Data(output))
    } catch {
      throw CommandError.rehearsalFailed(
        "that of \(sampleCount) sample(s) printed no figures: \(error)")
    }
  }
}
