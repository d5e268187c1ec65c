import ArrayFiles
import Autodiff
import Checkpoints
import Configurations
import Kernels
import Reporting
import Tensors

/// Published weights as a run directory that has trained no step yet.
///
///     config.yaml                       the configuration, with the directory as its run
///     checkpoints/step-000000000/       weights and moving average of the file, moments zero
///
/// Every command takes it as a model, and a training with its `config.yaml` goes on from it.
public enum WeightImport {
  /// Makes a run directory of a file of weights.
  ///
  /// Equal files and configurations give byte-identical checkpoints, on every machine.
  ///
  /// - Parameters:
  ///   - file: The file (`WeightsFile`), of float32, float16 or bfloat16.
  ///   - configurationPath: The configuration of the model.
  ///   - output: The run directory, which appears whole or not at all.
  ///   - notice: Is told of what the file has beside the model.
  /// - Returns: What was written, for people.
  /// - Throws: `CommandError.outputExists`; `WeightMismatch`, which lists everything that is wrong
  ///   with the file; the errors of the configuration, of the file and of the disk.
  public static func read(
    _ file: String, configurationPath: String, to output: String, notice: Notice = { _ in }
  ) throws -> String {
    try requireNothing(at: output)
    let file = try ModelFile(path: file)
    return try write(file, try file.configuration(configurationPath), to: output, notice)
  }

  /// Refuses to write where something is.
  ///
  /// - Throws: `CommandError.outputExists`.
  static func requireNothing(at output: String) throws {
    let path = SystemPath.withoutEndingSlash(output)
    guard FileSystem.kind(of: path, followsLinks: false) == nil else {
      throw CommandError.outputExists(output)
    }
  }

  /// Makes a run directory of a file whose configuration is known.
  ///
  /// - Returns: What was written, for people.
  static func write(
    _ file: ModelFile, _ configuration: AnyRunConfiguration, to output: String, _ notice: Notice
  ) throws -> String {
    let arena = configuration.makeArena()
    try file.read(into: arena, notice)
    // The weights are right: from here on only the disk can fail.
    try AtomicFile.publishDirectory(to: SystemPath.withoutEndingSlash(output)) { temporary in
      let run = RunDirectory(path: temporary)
      switch configuration {
      case .tokenizer(let configuration):
        try write(configuration, .tokenizer, arena, into: run, output: output)
      case .generator(let configuration):
        try write(configuration, .generator, arena, into: run, output: output)
      }
    }
    return "\(output): a \(configuration.kind.rawValue) of \(arena.parameters.count) tensors, "
      + "\(arena.elementCount) weights, at step 0"
  }

  /// Writes configuration and checkpoint of a run whose final directory is `output`.
  private static func write<Configuration: RunConfiguration>(
    _ configuration: Configuration, _ kind: RunKind, _ arena: ParameterArena,
    into run: RunDirectory, output: String
  ) throws {
    var configuration = configuration
    // A training with this file goes on here, and not in the run that the weights come from.
    configuration.training.run.name = SystemPath.name(of: output)
    configuration.training.run.output = SystemPath.parent(of: output)
    _ = try run.writeConfiguration(configuration.yaml)
    try CheckpointStore(root: run.checkpointsPath).write(
      step: 0,
      description: CheckpointDescription(
        kind: kind, configurationDigest: hexadecimal(configuration.digest),
        replicaDigest: hexadecimal(Kernels.digest(of: arena.values.buffer)),
        configuration: configuration.portableYAML,
        // No step was computed, so nothing has to be the same for the same bits.
        pins: [:]),
      networks: [arrays(of: arena, kind)])
  }

  /// The arrays of a network that has trained no step: the average is the weights, all moments are zero.
  private static func arrays(of arena: ParameterArena, _ kind: RunKind) -> NetworkArrays {
    // Each of the two stands for two files, of which a large model has gigabytes.
    let moments = Tensor(repeating: 0, shape: [arena.count])
    return NetworkArrays(
      name: kind.rawValue, arena: arena, movingAverage: arena.values, firstMoments: moments,
      secondMoments: moments)
  }
}
