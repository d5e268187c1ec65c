import ArgumentParser
import ArrayFiles
import Checkpoints
import Reporting

/// `restok checkpoint`: what runs have saved.
struct CheckpointCommands: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint",
    abstract: "Describe, check, export and import checkpoints.",
    subcommands: [
      CheckpointInfo.self, CheckpointVerify.self, CheckpointExport.self, CheckpointImport.self,
    ])

  /// The checkpoint directories that a path stands for, newest first: those of a run, or itself.
  static func directories(of path: String) throws -> [String] {
    let root = path + "/checkpoints"
    guard FileSystem.exists(root) else { return [path] }
    let directories = try CheckpointStore(root: root).directories()
    guard !directories.isEmpty else {
      throw CommandError.noCheckpoint(directory: path)
    }
    return directories
  }
}
