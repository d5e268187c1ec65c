import Foundation

/// A machine's memory.
public struct MemoryDescription: Sendable, Equatable, Codable {
  /// Bytes in all; 0 where the system does not tell.
  public var totalByteCount: Int
  /// Bytes that programs can still get without swapping.
  public var availableByteCount: Int
  /// When memory comes in pages of 2 MiB: `always`, `madvise` (where a program asks for it, as this
  /// one does) or `never`; empty where the system does not tell.
  public var hugePages: String

  /// Reads the system's texts.
  ///
  /// - Parameters:
  ///   - meminfo: `/proc/meminfo`.
  ///   - hugePages: `/sys/kernel/mm/transparent_hugepage/enabled`, with the choice in brackets.
  public init(meminfo: String, hugePages: String) {
    func byteCount(_ name: String) -> Int {
      let line = meminfo.split(separator: "\n").first { $0.hasPrefix(name + ":") }
      let words = line?.split { $0 == " " || $0 == "\t" } ?? []
      return words.count > 1 ? 1024 * (Int(words[1]) ?? 0) : 0
    }
    totalByteCount = byteCount("MemTotal")
    availableByteCount = byteCount("MemAvailable")
    self.hugePages = String(
      hugePages.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" })
  }

  /// The memory of this machine.
  public static var current: MemoryDescription {
    MemoryDescription(
      meminfo: systemText("/proc/meminfo"),
      hugePages: systemText("/sys/kernel/mm/transparent_hugepage/enabled"))
  }
}
