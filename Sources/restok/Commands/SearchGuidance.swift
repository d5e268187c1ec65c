import ArgumentParser
import ArrayFiles
import Evaluation
import HierarchicalGenerator
import Inference

/// `restok search`: settings that give the best figures.
struct Search: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure settings, and find the best of them.", subcommands: [SearchGuidance.self])
}

/// Numbers of a search: `1:5:0.25` from 1 to 5 in steps of 0.25, or a list such as `1,2.5`.
struct NumberList: ExpressibleByArgument {
  let numbers: [Double]

  private static let largestCount = 10_000

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false).map { Double($0) }
    if parts.count == 3 {
      guard let first = parts[0], let last = parts[1], let step = parts[2], step > 0,
        first.isFinite, last >= first, (last - first) / step < Double(Self.largestCount)
      else { return nil }
      let count = Int(((last - first) / step + 1e-9).rounded(.down))
      numbers = (0...count).map { first + Double($0) * step }
      return
    }
    let all = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    numbers = all.compactMap { $0 }
    guard numbers.count == all.count, numbers.allSatisfy(\.isFinite) else { return nil }
  }
}

/// `restok search guidance`: figures of samples for many settings of guidance.
struct SearchGuidance: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "guidance",
    abstract: "Sample and evaluate for each strength and schedule of guidance.",
    discussion: """
      The folder gets table.csv, table.json and plot.png (FID over the strength, a colour for each schedule and \
      choice), and a certificate for each setting and seed. Started again, it measures what is missing. Runs \
      alone or on many ranks, with equal figures. The best row is that of the least mean FID: 50 000 images and \
      several seeds tell apart what a few thousand do not.
      """)

  @OptionGroup(title: "Models") var models: SamplerOptions

  @Option(
    help: ArgumentHelp("Strengths: 1:5:0.25, or a list such as 1,2.5.", valueName: "numbers"))
  var guidance: NumberList

  @Option(help: ArgumentHelp("Schedules, such as constant,step.", valueName: "names"))
  var schedule = GuidanceSchedule.Kind.constant.rawValue

  @Option(help: "Progress at which step and rectangular schedules set in (default: 0).")
  var start: Double?

  @Option(help: "Progress at which rectangular schedules end (default: 1).")
  var end: Double?

  @Option(help: "Progress at which triangular and linear-constant schedules peak (default: 0.5).")
  var peak: Double?

  @Option(help: "Strength outside the window of step and rectangular schedules (default: 1).")
  var floor: Double?

  @Option(help: "What progress counts; published repeats a slip of the published program.")
  var progress = GuidanceProgress.tokens

  @Option(help: ArgumentHelp("Nuclei to choose from: 0.9,0.95 (default: 1).", valueName: "numbers"))
  var topP: NumberList?

  @Option(help: ArgumentHelp("Choose among the K most likely tokens only.", valueName: "k"))
  var topK: Int?

  @Option(help: "Divides the logits before the choice.")
  var temperature = 1.0

  @Option(
    help: ArgumentHelp(
      "Images of a measurement, of the classes 0, 1, ... and from 0 on again.", valueName: "n"))
  var count: Int

  @Option(help: "Seed of the random choices.")
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp(
      "Measure each setting with K seeds, for mean and deviation.", valueName: "k"))
  var `repeat` = 1

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "What samples are compared with: an .npz of statistics or images, a data set, or folders.",
      valueName: "path"))
  var reference: [String]

  @Option(
    help: ArgumentHelp("Inception-v3, pt_inception-2015-12-05-6726825d.pth.", valueName: "file"))
  var inception: String

  @Option(help: ArgumentHelp("Images of a split of the Inception Score.", valueName: "n"))
  var splitSize = 5000

  @Option(help: ArgumentHelp("The folder of the search.", valueName: "folder"))
  var output: String

  @Flag(help: "Print the table as one line of JSON.")
  var json = false

  func validate() throws {
    for (option, value) in [
      ("--count", count), ("--repeat", `repeat`), ("--split-size", splitSize),
    ]
    where !(1...100_000_000 ~= value) {
      throw ValidationError("\(option) \(value): expected 1 to 100000000")
    }
    guard guidance.numbers.allSatisfy({ $0 >= 0 }) else {
      throw ValidationError("--guidance: expected numbers of at least 0")
    }
    guard topP?.numbers.allSatisfy({ $0 > 0 && $0 <= 1 }) ?? true else {
      throw ValidationError("--top-p: expected numbers above 0, at most 1")
    }
    guard topK ?? 1 >= 1, temperature > 0, temperature.isFinite else {
      throw ValidationError("--top-k and --temperature: expected numbers above 0")
    }
    _ = try schedules()
    try requireDifferent("--guidance", guidance.numbers)
    try requireDifferent("--top-p", topP?.numbers ?? [])
    try requireDifferent("--schedule", schedule.split(separator: ","))
  }

  /// Refuses settings that would be measured and counted twice.
  private func requireDifferent(_ option: String, _ values: [some Hashable]) throws {
    var known: Set<AnyHashable> = []
    for value in values where !known.insert(value).inserted {
      throw ValidationError("\(option): \(value) is there twice")
    }
  }

  /// The schedules; each takes of the window what it has, and one of them has to take it.
  private func schedules() throws -> [GuidanceSchedule] {
    let kinds = try schedule.split(separator: ",", omittingEmptySubsequences: false).map { name in
      guard let kind = GuidanceSchedule.Kind(rawValue: String(name)) else {
        throw ValidationError("--schedule \(name): there is no such schedule")
      }
      return kind
    }
    let options = [("start", start), ("end", end), ("peak", peak), ("floor", floor)]
    for (option, value) in options
    where value != nil && !kinds.contains(where: { $0.options.contains(option) }) {
      throw ValidationError("--\(option): none of the schedules \(schedule) has it: leave it out")
    }
    return try kinds.map { kind in
      func own(_ option: String, _ value: Double?) -> Double? {
        kind.options.contains(option) ? value : nil
      }
      do {
        return try GuidanceSchedule(
          name: kind.rawValue, start: own("start", start), end: own("end", end),
          peak: own("peak", peak), floor: own("floor", floor))
      } catch {
        throw ValidationError("--schedule \(kind.rawValue): \(error)")
      }
    }
  }

  func run() throws {
    let (tokenizer, generator) = try models.sources()
    let choices = (topP?.numbers.map { $0 } ?? [1]).map { nucleus in
      TokenChoice(temperature: temperature, topK: topK, topP: nucleus == 1 ? nil : nucleus)
    }
    let points = GuidancePoint.grid(
      strengths: guidance.numbers, schedules: try schedules(), progress: progress,
      choices: choices)
    try RankSession.run { session in
      let table = try session.output("images sampled") { context in
        let sampling = try Sampling(
          tokenizer: tokenizer, generator: generator, precision: models.precision,
          threadCount: models.threads, notice: context.tell)
        var search = GuidanceSearch(
          points: points,
          labels: try LabelSelection.balanced(count: count).labels(classCount: sampling.classCount),
          seeds: (0..<UInt64(`repeat`)).map { seed &+ $0 }, reference: reference,
          inception: inception, folder: output)
        search.splitSize = splitSize
        return try session.evaluation("images evaluated", threadCount: models.threads) {
          try search.run(sampling, context, $0) { row in
            if !json { print(row) }
          }
        }
      }
      if session.isFirst { try show(table, asJSON: json) }
    }
  }
}
