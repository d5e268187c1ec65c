public import ArgumentParser
import Configurations
import DataParallel
public import Training

extension ResumePolicy: ExpressibleByArgument, CustomStringConvertible {
  /// Reads `auto`, `never` or a checkpoint's path.
  public init?(argument: String) {
    switch argument {
    case "auto": self = .automatic
    case "never": self = .never
    case "": return nil
    default: self = .checkpoint(argument)
    }
  }

  /// The value as the command line has it.
  public var description: String {
    switch self {
    case .automatic: "auto"
    case .never: "never"
    case .checkpoint(let path): path
    }
  }
}

/// The arguments of a training run of either kind.
struct TrainOptions: ParsableArguments {
  @Argument(help: "The YAML file that says what runs.")
  var config: String

  @Argument(
    help: ArgumentHelp(
      "Values that replace those of the file, such as optimizer.rate=1e-4.",
      valueName: "key.path=value"))
  var overrides: [String] = []

  @Option(
    help: ArgumentHelp(
      "Where to begin: auto (the newest verified checkpoint of the run, else the beginning), "
        + "never, or a checkpoint's path.", valueName: "auto|never|path"))
  var resume = ResumePolicy.automatic

  @Option(
    help: ArgumentHelp(
      "Refuse to start on another number of ranks than this.", valueName: "n"))
  var expectRanks: Int?

  @Flag(help: "Print the configuration with all defaults and overrides, and do nothing else.")
  var printConfig = false

  func validate() throws {
    if let expectRanks, expectRanks < 1 {
      throw ValidationError("--expect-ranks \(expectRanks): expected at least 1")
    }
  }

  /// Reads the configuration; prints it when that is all that was asked for.
  ///
  /// - Returns: The configuration, or nil when there is nothing left to do.
  /// - Throws: `ConfigurationError` with everything that is wrong with it.
  func load<Configuration: RunConfiguration>(
    _ type: Configuration.Type
  ) throws -> Configuration? {
    let configuration = try Configuration(contentsOf: config, overrides: overrides)
    guard printConfig else { return configuration }
    if (RankSession.launchedRank ?? 0) == 0 { print(configuration.yaml, terminator: "") }
    return nil
  }

  /// Loads the configuration and trains on all ranks.
  func train<Configuration: RunConfiguration>(
    _ type: Configuration.Type,
    _ body: (Configuration, TrainingSession) throws -> TrainingOutcome
  ) throws {
    guard let configuration = try load(type) else { return }
    let stopSignal = StopSignal.install()
    try RankSession.run(expectedWorldSize: expectRanks) { session in
      try configuration.check(worldSize: session.world.worldSize, file: config)
      let outcome = try body(
        configuration,
        TrainingSession(
          communicator: session.world, stopSignal: stopSignal, resume: resume))
      if case .stopped = outcome { throw ExitStatusError(status: .stopped) }
    }
  }
}
