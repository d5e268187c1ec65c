import Foundation

/// Where the parts of something large stand until all of it is made: a hidden folder beside its final place.
///
///     .NAME.KIND/lock
///     .NAME.KIND/data/…          what will stand under the final name, or parts of it
///     .NAME.KIND/aside/…         parts of what has another final name
///     .NAME.KIND/records/….json  what is known of a part that is finished
///
/// A killed command leaves it; the next one with the same destination takes it over, and keeps the parts whose
/// records say that they would come out the same.
public final class OutputStage {
  /// The final place, without a slash at its end.
  public let destination: String
  /// The hidden folder.
  public let folder: String
  private let lock: FileLock?

  /// The folder that is published, or that parts stand in.
  public var dataFolder: String { folder + "/data" }
  /// The folder of parts that do not come under the final name.
  public var asideFolder: String { folder + "/aside" }
  private var recordsFolder: String { folder + "/records" }

  /// Takes the stage of a destination.
  ///
  /// - Parameters:
  ///   - destination: The final place.
  ///   - kind: The ending of the hidden folder's name.
  ///   - isFirst: Whether this is the process that makes the folders and holds the lock.
  /// - Throws: `OutputStageHeld` if another process makes the same; `FileError`.
  public init(for destination: String, kind: String, isFirst: Bool) throws {
    let final = SystemPath.withoutEndingSlash(destination)
    self.destination = final
    folder = SystemPath.path(
      of: ".\(SystemPath.name(of: final)).\(kind)", in: SystemPath.parent(of: final))
    guard isFirst else {
      lock = nil
      return
    }
    lock = try Self.lock(of: folder)
    guard lock != nil else { throw OutputStageHeld(destination: final, folder: folder) }
  }

  /// Makes the hidden folder with what is in it, and takes its lock.
  ///
  /// A command that ends meanwhile removes the folder with the lock in it; and a program that is being started by this
  /// one may hold a copy of the lock for a moment.
  ///
  /// - Parameter folder: The hidden folder.
  /// - Returns: The lock; nil when another command holds it.
  /// - Throws: `FileError`.
  private static func lock(of folder: String) throws -> FileLock? {
    for _ in 0..<10 {
      for name in ["data", "aside", "records"] {
        try FileSystem.createDirectory(folder + "/" + name)
      }
      if let lock = try? FileLock(file: folder + "/lock"), lock.isStillNamed { return lock }
      Thread.sleep(forTimeInterval: 0.1)
    }
    // Says what is wrong with the file system, if that is why.
    return try FileLock(file: folder + "/lock")
  }

  /// What was noted about a part; nil where nothing was, or what cannot be read.
  public func record<Record: Decodable>(_ name: String, as type: Record.Type) -> Record? {
    guard let bytes = try? FileSystem.bytes(of: recordPath(name)) else { return nil }
    return try? JSONText.decode(type, from: Data(bytes))
  }

  /// Notes something about a part, or about all of them.
  ///
  /// - Throws: `FileError`.
  public func write(_ record: some Encodable, as name: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try AtomicFile.replace(recordPath(name), by: [UInt8](try encoder.encode(record)))
  }

  /// Removes what is no part of this output: files and records of one that was begun in another way.
  ///
  /// - Parameters:
  ///   - data: The names of files in the data folder.
  ///   - aside: The names of files beside it.
  ///   - records: The names of records.
  /// - Throws: `FileError`.
  public func removeStrangers(
    to data: Set<String>, aside: Set<String> = [], records: Set<String>
  ) throws {
    let records = Set(records.map { $0 + ".json" })
    for (folder, expected) in [
      (dataFolder, data), (asideFolder, aside), (recordsFolder, records),
    ] {
      try Self.removeStrangers(to: expected, in: folder)
    }
  }

  /// Removes what is not expected in a folder of the stage, and what killed writers have left there.
  ///
  /// The lock is held and the other processes wait: nobody of this output writes yet.
  ///
  /// - Throws: `FileError`.
  package static func removeStrangers(to expected: Set<String>, in folder: String) throws {
    try TemporaryNames.removeAll(in: folder)
    for name in try FileSystem.names(in: folder) where !expected.contains(name) {
      try FileSystem.remove(SystemPath.path(of: name, in: folder))
    }
  }

  /// Gives the data folder its final place, where nothing or an empty folder may stand, and removes the stage.
  ///
  /// - Throws: `FileError`.
  public func publishFolder() throws {
    try FileSystem.synchronizeTree(dataFolder)
    try FileSystem.rename(dataFolder, to: destination)
    try FileSystem.synchronize(SystemPath.parent(of: destination))
    remove()
  }

  /// Removes the stage with all parts.
  public func remove() {
    try? FileSystem.remove(folder)
    lock?.release()
  }

  /// Whether nothing is noted.
  public var isEmpty: Bool { (try? FileSystem.names(in: recordsFolder))?.isEmpty ?? true }

  private func recordPath(_ name: String) -> String { "\(recordsFolder)/\(name).json" }
}

/// Another process makes the same output.
public struct OutputStageHeld: Error, Sendable, Equatable, CustomStringConvertible {
  /// The output.
  public let destination: String
  /// Where its parts stand.
  public let folder: String

  /// What happened and what to do.
  public var description: String {
    "'\(destination)': another command makes it, in \(folder): wait for that one, or name another place"
  }
}
