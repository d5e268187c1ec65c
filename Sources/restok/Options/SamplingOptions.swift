public import ArgumentParser
public import HierarchicalGenerator
import Inference

extension GuidanceProgress: ExpressibleByArgument {}

/// The classes to sample: a list of numbers, or all of them.
enum ClassSelection: ExpressibleByArgument, Equatable {
  /// Every class of the generator.
  case all
  /// These classes, in this order.
  case list([Int])

  init?(argument: String) {
    if argument == "all" {
      self = .all
      return
    }
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    let classes = numbers.compactMap { $0 }
    guard classes.count == numbers.count, classes.allSatisfy({ $0 >= 0 }) else { return nil }
    self = .list(classes)
  }

  /// The classes; nil for all.
  var list: [Int]? {
    switch self {
    case .all: nil
    case .list(let classes): classes
    }
  }
}

/// Which classes images are sampled of.
struct LabelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Numbers such as 0,3,7, or all.", valueName: "list"))
  var classes: ClassSelection?

  @Option(help: ArgumentHelp("With --classes: images of each class (default: 1).", valueName: "n"))
  var count: Int?

  @Option(
    help: ArgumentHelp(
      "In place of --classes: N images of the classes 0, 1, ... to the last, and from 0 on again.",
      valueName: "n"))
  var balanced: Int?

  @Option(
    help: ArgumentHelp(
      "In place of --classes: the class of each image, a .npy or a text with a number a line.",
      valueName: "file"))
  var labels: String?

  func validate() throws {
    guard [classes != nil, balanced != nil, labels != nil].count(where: { $0 }) == 1 else {
      throw ValidationError("give one of --classes, --balanced and --labels")
    }
    guard count == nil || classes != nil else {
      throw ValidationError("--count belongs to --classes")
    }
    for (option, value) in [("--count", count), ("--balanced", balanced)] {
      guard (1...100_000_000).contains(value ?? 1) else {
        throw ValidationError("\(option) \(value ?? 0): expected 1 to 100000000")
      }
    }
  }

  /// The classes for the library.
  var selection: LabelSelection {
    if let balanced { return .balanced(count: balanced) }
    if let labels { return .file(labels) }
    return .classes(classes?.list, count: count ?? 1)
  }

  /// Images in a row of a grid: those of a class.
  var columnCount: Int? { classes == nil ? nil : count ?? 1 }
}

/// The strength of classifier-free guidance over the steps.
struct GuidanceOptions: ParsableArguments {
  @Option(help: "Strength of classifier-free guidance; 1 is none.")
  var guidance = 1.0

  @Option(
    help: ArgumentHelp(
      "How the strength changes over the steps: "
        + GuidanceSchedule.Kind.allCases.map(\.rawValue).joined(separator: ", ") + ".",
      valueName: "name"))
  var schedule = GuidanceSchedule.Kind.constant.rawValue

  @Option(help: "Progress at which a step or rectangular schedule sets in (default: 0).")
  var start: Double?

  @Option(help: "Progress at which a rectangular schedule ends (default: 1).")
  var end: Double?

  @Option(help: "Progress at which a triangular or linear-constant schedule peaks (default: 0.5).")
  var peak: Double?

  @Option(help: "Strength outside the window of a step or rectangular schedule (default: 1).")
  var floor: Double?

  @Option(help: "What progress counts; published repeats a slip of the published program.")
  var progress = GuidanceProgress.tokens

  func validate() throws {
    guard guidance.isFinite, guidance >= 0 else {
      throw ValidationError("--guidance \(guidance): expected a number of at least 0")
    }
    _ = try guidanceSchedule()
  }

  /// The schedule that the options name.
  func guidanceSchedule() throws -> GuidanceSchedule {
    do {
      return try GuidanceSchedule(
        name: schedule, start: start, end: end, peak: peak, floor: floor)
    } catch {
      throw ValidationError("--schedule \(schedule): \(error)")
    }
  }
}

/// How a token is chosen from its distribution.
struct TokenChoiceOptions: ParsableArguments {
  @Option(help: "Divides the logits before the choice (default: 1).")
  var temperature: Double?

  @Option(help: ArgumentHelp("Choose among the K most likely tokens only.", valueName: "k"))
  var topK: Int?

  @Option(
    help: ArgumentHelp(
      "Choose among the most likely tokens whose sum first exceeds P.", valueName: "p"))
  var topP: Double?

  @Flag(help: "Always take the most likely token.")
  var greedy = false

  func validate() throws {
    if let temperature, !(temperature > 0 && temperature.isFinite) {
      throw ValidationError(
        "--temperature \(temperature): expected a number above 0; for the most likely token use "
          + "--greedy")
    }
    if let topK, topK < 1 {
      throw ValidationError("--top-k \(topK): expected at least 1")
    }
    if let topP, !(topP > 0 && topP <= 1) {
      throw ValidationError("--top-p \(topP): expected a number above 0, at most 1")
    }
    guard !greedy || (temperature == nil && topK == nil && topP == nil) else {
      throw ValidationError(
        "--greedy takes the most likely token: leave out --temperature, --top-k and --top-p")
    }
  }

  /// The choice for the library.
  var tokenChoice: TokenChoice {
    greedy ? .greedy : TokenChoice(temperature: temperature ?? 1, topK: topK, topP: topP)
  }
}
