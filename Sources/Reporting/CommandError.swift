/// Why a command cannot do what it was asked for.
public enum CommandError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Something stands where a new directory is to be: exit status 64.
  case outputExists(String)
  /// Checkpoints are there and none is sound: exit status 73.
  case noSoundCheckpoint(directory: String, problems: [String])
  /// A run has no checkpoint yet: exit status 73.
  case noCheckpoint(directory: String)
  /// A checkpoint of an earlier version stands outside of its run: exit status 73.
  case noConfiguration(checkpoint: String)
  /// A disk has too little room for what is to be written: exit status 73.
  case noRoom(directory: String, neededByteCount: Int, availableByteCount: Int)
  /// A signal ended a measurement.
  case interrupted(signal: String)
  /// A step that was to be rehearsed was not: exit status 1.
  case rehearsalFailed(String)
  /// Something that this version cannot do: exit status 64.
  case unsupported(String)
  /// The data do not fit the model: exit status 65.
  case unfitData(String)

  /// What happened, and what to do.
  public var description: String {
    switch self {
    case .outputExists(let path):
      "\(path): something is there already, and nothing was written: name another folder, or move "
        + "it away"
    case .noSoundCheckpoint(let directory, let problems):
      "\(directory): no checkpoint is sound:\n" + problems.map { "  \($0)\n" }.joined()
        + "Move the directory away to begin anew, or restore it from a copy"
    case .noCheckpoint(let directory):
      "\(directory): this run has no checkpoint yet: train it until it has saved one, or name another"
    case .noConfiguration(let checkpoint):
      "\(checkpoint) does not hold its configuration, as those of earlier versions, and there is none "
        + "beside it: give that of its run (--config), or put it back into its run"
    case .noRoom(let directory, let needed, let available):
      "\(directory) has room for \(available) bytes, \(needed) are needed: free some space, or name "
        + "a directory of another disk"
    case .interrupted(let signal): "stopped by \(signal); what was written has been removed"
    case .rehearsalFailed(let reason):
      "the rehearsal of a step failed: \(reason). Without it, --count-only says what can be counted"
    case .unsupported(let text), .unfitData(let text): text
    }
  }
}
