public import ArgumentParser
import ArrayFiles
import Checkpoints
import Configurations
import DataParallel
import Inference
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
    var configuration = try Configuration(contentsOf: config, overrides: overrides)
    try stayInMovedRun(&configuration)
    guard printConfig else { return configuration }
    if (RankSession.launchedRank ?? 0) == 0 { print(configuration.yaml, terminator: "") }
    return nil
  }

  /// Makes a run that was moved go on where it is.
  ///
  /// The `config.yaml` of a run directory names the directory that it was started in. If the directory has
  /// another place now, that place is meant, unless the command line says where.
  private func stayInMovedRun<Configuration: RunConfiguration>(
    _ configuration: inout Configuration
  ) throws {
    let run = RunDirectory(path: SystemPath.parent(of: config))
    guard SystemPath.name(of: config) == SystemPath.name(of: run.configurationPath),
      FileSystem.exists(run.path + "/" + RunLock.fileName),
      try !CheckpointStore(root: run.checkpointsPath).directories().isEmpty,
      !FileSystem.isSame(run.path, as: configuration.training.run.directory),
      !overrides.contains(where: { override in
        ["run=", "run.output=", "run.name="].contains { override.hasPrefix($0) }
      })
    else { return }
    let path = try FileSystem.absolutePath(of: run.path)
    if (RankSession.launchedRank ?? 0) == 0 {
      warn(
        "\(config) is of a run that was started in \(configuration.training.run.directory): it goes on "
          + "in \(path), where it is now; say run.output and run.name for another place")
    }
    configuration.training.run.output = SystemPath.parent(of: path)
    configuration.training.run.name = SystemPath.name(of: path)
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
