import ArrayFiles
import Foundation

/// The checkpoints of one run: `step-000005000/` and its like in one directory.
///
/// A checkpoint is written aside, brought to the disk, renamed, and read back; at every moment a
/// killed program leaves all older checkpoints as they were and the new one complete or absent.
/// Which is the newest is found by reading, never stored. One process writes at a time (`RunLock`),
/// and in it one thread; any number may read.
public struct CheckpointStore: Sendable {
  /// The directory of the checkpoints.
  public let root: String
  private let failpoint: CheckpointFailpoint

  private static let namePrefix = "step-"
  private static let temporaryPrefix = "tmp-"

  /// The checkpoints in a directory, which is made when the first is written.
  public init(root: String) { self.init(root: root) { _ in } }

  /// The checkpoints in a directory, with a call at every stage of writing and removing.
  package init(root: String, failpoint: @escaping CheckpointFailpoint) {
    self.root = root
    self.failpoint = failpoint
  }

  // MARK: Writing

  /// Writes, publishes and reads back a checkpoint.
  ///
  /// A checkpoint of this step with equal content may be there already and is kept; a damaged one is
  /// replaced.
  /// - Parameters:
  ///   - step: The number of finished steps.
  ///   - description: What the manifest says beside the files.
  ///   - networks: The networks that the files are of.
  ///   - body: Writes the files.
  /// - Returns: The checkpoint, read back and sound.
  /// - Throws: What `body` throws; `HDF5Error` or `FileError`, for example when the disk is full;
  ///   `CheckpointError.occupied` or `.unsupportedVersion` when another stands there, or `.damaged`
  ///   when what was read back is not what was written.
  ///   Older checkpoints are as they were.
  @discardableResult
  public func write(
    step: Int, description: CheckpointDescription, networks: [CheckpointManifest.Network] = [],
    _ body: (CheckpointWriter) throws -> Void
  ) throws -> Checkpoint {
    try FileSystem.createDirectory(root)
    try removeTemporaries()
    let name = Self.name(step: step)
    let temporary = temporaryDirectory(for: name)
    do {
      try FileSystem.createDirectory(temporary)
      try failpoint(.directoryCreated)
      let writer = CheckpointWriter(directory: temporary, failpoint: failpoint)
      try body(writer)
      let manifest = CheckpointManifest(
        step: step, description: description, networks: networks, files: try writer.finish())
      try publish(temporary, as: name, manifest: try manifest.encoded())
    } catch {
      try? FileSystem.remove(temporary)
      throw error
    }
    try FileSystem.synchronize(root)
    try failpoint(.rootSynchronized)
    let checkpoint = try Checkpoint(
      verified: CheckpointVerification(of: root + "/" + name))
    try failpoint(.verified)
    // A damaged directory that had the name.
    try removeTemporaries()
    return checkpoint
  }

  /// Writes, publishes and reads back a checkpoint whose arrays are all in memory.
  ///
  /// - Throws: As for a body that writes the files.
  @discardableResult
  public func write(
    step: Int, description: CheckpointDescription, files: [String: [NamedArray]]
  ) throws -> Checkpoint {
    try write(step: step, description: description) { writer in
      for (name, arrays) in files.sorted(by: { $0.key < $1.key }) {
        try writer.write(file: name) { file in
          for array in arrays { try file.write(array) }
        }
      }
    }
  }

  /// Gives a complete temporary directory its final name.
  private func publish(_ temporary: String, as name: String, manifest: [UInt8]) throws {
    let writer = try FileWriter(path: temporary + "/" + CheckpointManifest.fileName)
    try writer.write(manifest)
    try writer.synchronizeAndClose()
    try failpoint(.manifestWritten)
    try FileSystem.synchronizeTree(temporary)
    try failpoint(.synchronized)
    let directory = root + "/" + name
    if FileSystem.kind(of: directory, followsLinks: false) != nil {
      let verification = CheckpointVerification(of: directory)
      try verification.requireReadable()
      if verification.isSound {
        // Sound, so its manifest is readable; equal manifests have equal digests of everything.
        guard
          try ContentDigest.ofFile(at: directory + "/" + CheckpointManifest.fileName).value
            == manifest.withUnsafeBytes({ ContentDigest.of($0).value })
        else { throw CheckpointError.occupied(directory: directory) }
        try FileSystem.remove(temporary)
        return
      }
      try FileSystem.rename(directory, to: temporaryDirectory(for: name))
      try failpoint(.damagedMovedAside)
    }
    try FileSystem.rename(temporary, to: directory)
    try failpoint(.renamed)
  }

  // MARK: Finding

  /// The result of looking for the newest checkpoint.
  public struct Latest {
    /// The newest sound checkpoint, or nil where there is none.
    public let checkpoint: Checkpoint?
    /// The newer directories that are not sound, newest first, and why.
    public let rejected: [CheckpointVerification]
  }

  /// Finds the newest checkpoint that is sound, by reading from the newest on.
  ///
  /// - Throws: `FileError` when the directory of the checkpoints cannot be read; that it is not
  ///   there yet is no error. `CheckpointError.unsupportedVersion` when a newer program wrote a newer
  ///   checkpoint: to go on from an older one would be to lose it.
  public func latest() throws -> Latest {
    var rejected: [CheckpointVerification] = []
    for directory in try directories() {
      let verification = CheckpointVerification(of: directory)
      try verification.requireReadable()
      if verification.isSound {
        return Latest(checkpoint: try Checkpoint(verified: verification), rejected: rejected)
      }
      rejected.append(verification)
    }
    return Latest(checkpoint: nil, rejected: rejected)
  }

  /// The directories that are called like checkpoints, newest first; none has been read.
  ///
  /// - Throws: `FileError` when the directory of the checkpoints cannot be read.
  public func directories() throws -> [String] {
    try names()
      .compactMap { name in Self.step(ofDirectory: name).map { (step: $0, name: name) } }
      .sorted { ($0.step, $0.name) > ($1.step, $1.name) }
      .map { root + "/" + $0.name }
  }

  /// The directories that are called like checkpoints of steps after `step`, newest first; none has been
  /// read.
  ///
  /// - Throws: `FileError` when the directory of the checkpoints cannot be read.
  public func directories(after step: Int) throws -> [String] {
    try directories().filter { (Self.step(ofDirectory: $0) ?? 0) > step }
  }

  // MARK: Removing

  /// Removes old checkpoints, each only after at least two newer ones have been read and found
  /// sound.
  ///
  /// - Parameters:
  ///   - count: The number of sound checkpoints to keep; at least two are kept in any case.
  ///   - checkpoint: One that this thread has just written, which is not read once more.
  /// - Returns: The removed directories, oldest first.
  /// - Throws: `FileError`; then what was to be kept is as it was.
  @discardableResult
  public func prune(keep count: Int, after checkpoint: Checkpoint? = nil) throws -> [String] {
    var soundCount = 0
    var superfluous: [String] = []
    let directories = try directories()
    if directories.count <= max(count, 2) { return [] }
    for directory in directories {
      if soundCount >= max(count, 2) {
        superfluous.append(directory)
      } else if directory == checkpoint?.directory
        || CheckpointVerification(of: directory, isTensorwise: false).isSound
      {
        soundCount += 1
      }
    }
    for directory in superfluous.reversed() {
      // Without its name nobody takes what is left of it for a checkpoint.
      let retired = temporaryDirectory(for: SystemPath.name(of: directory))
      try FileSystem.rename(directory, to: retired)
      try FileSystem.synchronize(root)
      try failpoint(.retired)
      try discard(retired)
      try failpoint(.removed)
    }
    return superfluous.reversed()
  }

  /// Removes what an interrupted program left behind; `write` does so too.
  ///
  /// Only for the process that may write: another's unfinished checkpoint would be removed.
  /// - Throws: `FileError`.
  public func removeTemporaries() throws {
    for name in try names() where name.hasPrefix(Self.temporaryPrefix) {
      try discard(root + "/" + name)
    }
  }

  /// Removes a directory that nobody takes for a checkpoint any more.
  ///
  /// A file in it that another host still reads leaves a name on a network file system (`.nfs…`) that
  /// cannot be removed: then the directory stays for the next time, and no save fails for it.
  private func discard(_ directory: String) throws {
    do {
      try FileSystem.remove(directory)
    } catch let error as FileError where [ENOTEMPTY, EEXIST, EBUSY].contains(error.code) {}
  }

  // MARK: Names

  /// The name of a step's directory.
  public static func name(step: Int) -> String {
    precondition(step >= 0, "step \(step) is negative")
    return namePrefix + zeroPadded(step, digitCount: 9)
  }

  /// The step that a directory's name says, or nil where it says none.
  static func step(ofDirectory path: String) -> Int? {
    let name = SystemPath.name(of: path)
    guard name.hasPrefix(namePrefix) else { return nil }
    let digits = name.dropFirst(namePrefix.count)
    guard digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
    return Int(digits)
  }

  private func temporaryDirectory(for name: String) -> String {
    let nonce = String(UInt64.random(in: .min ... .max), radix: 16)
    return root + "/" + Self.temporaryPrefix + name + "-" + nonce
  }

  private func names() throws -> [String] {
    do {
      return try FileSystem.names(in: root)
    } catch let error as FileError where error.isMissing {
      return []
    }
  }
}
