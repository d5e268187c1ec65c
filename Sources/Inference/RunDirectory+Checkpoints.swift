package import Checkpoints
import Reporting

extension RunDirectory {
  /// The newest sound checkpoint of the run; nil where there is none yet.
  ///
  /// - Parameter notice: Is told of every newer one that is damaged and passed over.
  /// - Returns: The checkpoint.
  /// - Throws: `CommandError.noSoundCheckpoint` where all are damaged; `FileError`;
  ///   `CheckpointError.unsupportedVersion` where the newest is of a newer program.
  package func newestCheckpoint(_ notice: Notice) throws -> Checkpoint? {
    let latest = try CheckpointStore(root: checkpointsPath).latest()
    for rejected in latest.rejected {
      notice("\(rejected.directory) is damaged and passed over: \(rejected.summary)")
    }
    guard latest.checkpoint != nil || latest.rejected.isEmpty else {
      throw CommandError.noSoundCheckpoint(
        directory: checkpointsPath,
        problems: latest.rejected.flatMap { $0.problems.map { "\($0)" } })
    }
    return latest.checkpoint
  }
}
