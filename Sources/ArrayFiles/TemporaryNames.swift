import Foundation
import Synchronization

/// The names of what is written aside, and the end of what nobody writes any more.
package enum TemporaryNames {
  private static let mark = ".tmp-"
  private static let hostDigitCount = 8
  private static let nonceDigitCount = 16
  /// File systems take names of at most 255 bytes.
  static let largestNameByteCount = 255
  /// Without a lock to ask, or on another machine's word alone, only this age makes sure.
  private static let safeAge = 24.0 * 3_600

  private static let visitedFolders = Mutex<Set<String>>([])

  /// This machine in a few digits: by its name, which containers may share, and its identity, which
  /// machines that were copied may share.
  private static let host: String = {
    var digest = ContentDigest()
    digest.update(Array(ProcessInfo.processInfo.hostName.utf8))
    digest.update((try? FileSystem.bytes(of: "/etc/machine-id", upTo: 64)) ?? [])
    return String(digest.hexadecimal.prefix(hostDigitCount))
  }()

  /// A path in the same folder that no other process and no other call uses.
  static func path(beside path: String) -> String {
    let nonce = hexadecimal(UInt64.random(in: .min ... .max))
    let ending = "\(mark)\(host)-\(nonce)"
    let name = SystemPath.bytes(of: SystemPath.name(of: path))
      .prefix(largestNameByteCount - 1 - ending.utf8.count)
    return SystemPath.path(
      of: "." + SystemPath.text(of: name) + ending, in: SystemPath.parent(of: path))
  }

  /// Removes what dead writers have left in a folder, once a process; what fails stays.
  package static func removeAbandoned(in folder: String) {
    guard visitedFolders.withLock({ $0.insert(folder).inserted }) else { return }
    for name in (try? FileSystem.names(in: folder)) ?? [] {
      guard let writer = host(ofTemporary: name) else { continue }
      let path = SystemPath.path(of: name, in: folder)
      // The lock is held while it is removed, lest two remove what a third has just begun.
      let lock = abandonedLock(of: path)
      let isAbandoned =
        switch lock {
        case .held: false
        case .taken: writer == host || isOld(path)
        case .unknown: isOld(path)
        }
      if isAbandoned { try? FileSystem.remove(path) }
    }
  }

  /// Removes what dead writers of any machine have left in a folder of which the caller has the only lock.
  package static func removeAll(in folder: String) throws {
    for name in try FileSystem.names(in: folder) where host(ofTemporary: name) != nil {
      let path = SystemPath.path(of: name, in: folder)
      if case .held = abandonedLock(of: path) { continue }
      try FileSystem.remove(path)
    }
  }

  /// What the lock of a temporary file or directory says of its writer.
  private enum Answer {
    case held
    case taken(FileLock)
    case unknown
  }

  private static func abandonedLock(of path: String) -> Answer {
    do {
      let lock =
        try FileSystem.isDirectory(path)
        ? FileLock(directory: path) : FileLock(existingFile: path)
      return lock.map { .taken($0) } ?? .held
    } catch {
      return .unknown
    }
  }

  /// The machine that a temporary name says, or nil for a name of another kind.
  private static func host(ofTemporary name: String) -> String? {
    guard name.hasPrefix("."), let mark = name.range(of: mark, options: .backwards) else {
      return nil
    }
    let parts = name[mark.upperBound...].split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.count) == [hostDigitCount, nonceDigitCount],
      parts.joined().allSatisfy({ $0.isASCII && $0.isHexDigit })
    else { return nil }
    return String(parts[0])
  }

  private static func isOld(_ path: String) -> Bool {
    guard let age = try? age(of: path) else { return false }
    return age > safeAge
  }

  /// Seconds since something in a file or directory was written last.
  private static func age(of path: String) throws -> Double {
    let status = try FileSystem.status(of: path, followsLinks: false)
    let own = Date().timeIntervalSince1970 - Double(status.st_mtim.tv_sec)
    guard status.st_mode & S_IFMT == S_IFDIR else { return own }
    return try FileSystem.names(in: path).map { try age(of: path + "/" + $0) }.reduce(own, min)
  }
}
