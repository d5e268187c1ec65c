import ArrayFiles
package import Checkpoints
package import Configurations
import Reporting

/// The configuration that a checkpoint was trained with.
///
/// Checkpoints hold it in their manifest. Those of earlier versions do not: of them it is the one among
/// their run's `config.yaml`, `config-1.yaml` … whose digest the manifest has.
package struct CheckpointConfiguration {
  /// The configuration.
  package let value: AnyRunConfiguration

  /// Finds the configuration of a checkpoint.
  ///
  /// - Parameters:
  ///   - checkpoint: The checkpoint.
  ///   - path: A file that holds the configuration of a checkpoint that has none of its own.
  ///   - notice: Is told where no configuration that is there has the digest of the checkpoint.
  /// - Throws: `ConfigurationError`; `CommandError.noConfiguration` where there is none.
  package init(
    of checkpoint: Checkpoint, given path: String? = nil, _ notice: Notice
  ) throws {
    let manifest = checkpoint.manifest
    if let text = manifest.configuration {
      value = try AnyRunConfiguration(
        yaml: text, file: checkpoint.directory + "/" + CheckpointManifest.fileName)
      if let path, try AnyRunConfiguration(contentsOf: path).modelDigest != value.modelDigest {
        throw CommandError.unsupported(
          "\(checkpoint.directory) holds its configuration, and the model of \(path) is another: leave the "
            + "option for it out")
      }
      return
    }
    let candidates = try path.map { [$0] } ?? Self.files(beside: checkpoint.directory)
    let found = candidates.compactMap { file in
      (try? AnyRunConfiguration(contentsOf: file)).map { (file: file, configuration: $0) }
    }
    let digest = manifest.configurationDigest
    if let own = found.first(where: { hexadecimal($0.configuration.digest) == digest }) {
      value = own.configuration
      return
    }
    guard let first = candidates.first else {
      throw CommandError.noConfiguration(checkpoint: checkpoint.directory)
    }
    // The newest says what is wrong with it.
    value = try AnyRunConfiguration(contentsOf: first)
    notice(
      "\(checkpoint.directory) does not hold its configuration, and that of \(first) is not the one that "
        + "it was trained with (digest \(hexadecimal(value.digest)), then \(digest)): what comes out is "
        + "right only if model is the same in both")
  }

  /// The configurations of the run that a checkpoint stands in, the newest first.
  private static func files(beside directory: String) throws -> [String] {
    let run = RunDirectory(path: SystemPath.parent(of: SystemPath.parent(of: directory)))
    let names = (try? FileSystem.names(in: run.path)) ?? []
    let kept = names.compactMap { name -> (number: Int, name: String)? in
      guard name.hasPrefix("config-"), name.hasSuffix(".yaml"),
        let number = Int(name.dropFirst("config-".count).dropLast(".yaml".count))
      else { return nil }
      return (number, name)
    }
    let current = names.contains("config.yaml") ? [run.configurationPath] : []
    return current
      + kept.sorted { $0.number > $1.number }.map { run.path + "/" + $0.name }
  }
}
