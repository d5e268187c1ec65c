public import ArgumentParser
public import HierarchicalGenerator

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

  /// The classes, checked against the generator's number of classes.
  ///
  /// - Throws: `ValidationError` naming the classes that the generator does not have.
  func classes(classCount: Int) throws -> [Int] {
    switch self {
    case .all: return Array(0..<classCount)
    case .list(let classes):
      let unknown = classes.filter { $0 >= classCount }
      guard unknown.isEmpty else {
        throw ValidationError(
          "--classes: the generator has the classes 0 to \(classCount - 1), and "
            + "\(unknown.map(String.init).joined(separator: ", ")) is not among them")
      }
      return classes
    }
  }
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
