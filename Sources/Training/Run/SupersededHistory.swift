import ArrayFiles
import Checkpoints
import Inference
import Logging

/// What a run has of steps after the one that it is told to go on from.
///
/// It would be a second history in the same directory, so it is moved away whole, and nothing is lost:
///
///     superseded-1/checkpoints/step-…   the later checkpoints
///     superseded-1/images/…             the later pictures
///     superseded-1/metrics.jsonl        all figures up to then
struct SupersededHistory {
  let directory: RunDirectory
  let logger: Logger

  /// Moves away what is of later steps.
  ///
  /// The newest checkpoint goes first, so that a run that is killed meanwhile never goes on from the middle
  /// of the old history without a word.
  ///
  /// - Throws: `FileError`.
  func moveAway(after step: Int) throws {
    let checkpoints = try CheckpointStore(root: directory.checkpointsPath).directories(after: step)
    let pictures = try directory.pictures(after: step)
    guard !checkpoints.isEmpty || !pictures.isEmpty else { return }
    let target = directory.path + "/" + (try unusedName())
    try FileSystem.createDirectory(target + "/checkpoints")
    try FileSystem.createDirectory(target + "/images")
    if FileSystem.exists(directory.metricsPath) {
      try AtomicFile.write(
        FileSystem.bytes(of: directory.metricsPath), to: target + "/metrics.jsonl")
    }
    for path in checkpoints {
      try FileSystem.rename(path, to: target + "/checkpoints/" + SystemPath.name(of: path))
    }
    for path in pictures {
      try FileSystem.rename(path, to: target + "/images/" + SystemPath.name(of: path))
    }
    try FileSystem.synchronizeTree(target)
    try FileSystem.synchronize(directory.checkpointsPath)
    logger.notice(
      "\(checkpoints.count) checkpoint(s) and \(pictures.count) picture(s) of later steps moved to \(target)"
    )
  }

  private func unusedName() throws -> String {
    let names = Set(try FileSystem.names(in: directory.path))
    var number = 1
    while names.contains("superseded-\(number)") { number += 1 }
    return "superseded-\(number)"
  }
}
