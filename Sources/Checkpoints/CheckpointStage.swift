/// A point between two steps of writing or removing a checkpoint.
///
/// Tests stop the program at each of them, and so prove that none loses anything.
package enum CheckpointStage: Sendable, Hashable {
  /// The temporary directory exists.
  case directoryCreated
  /// A tensor has been given to HDF5.
  case tensorWritten(file: String, tensor: String)
  /// A file is complete, with the operating system.
  case fileClosed(file: String)
  /// The manifest is complete.
  case manifestWritten
  /// All files and the temporary directory are on the disk.
  case synchronized
  /// A damaged directory that had the final name has been moved aside.
  case damagedMovedAside
  /// The directory has its final name.
  case renamed
  /// The final name is on the disk.
  case rootSynchronized
  /// The checkpoint has been read back.
  case verified
  /// A directory to be removed has lost its name.
  case retired
  /// A directory has been removed.
  case removed
}

/// Called at every stage; throws, or ends the process, to simulate a failure there.
package typealias CheckpointFailpoint = @Sendable (CheckpointStage) throws -> Void
