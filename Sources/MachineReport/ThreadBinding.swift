import Foundation
import Kernels

/// The cores that a rank may run on and the threads that it computes with.
public struct ThreadBinding: Sendable, Equatable, Codable {
  /// The numbers of the cores, ascending.
  public var allowedCores: [Int]
  /// The value of OMP_NUM_THREADS; nil when it is not set.
  public var requestedThreadCount: String?
  /// Threads of the rank.
  public var threadCount: Int

  /// Makes a binding of given values.
  public init(allowedCores: [Int], requestedThreadCount: String?, threadCount: Int) {
    self.allowedCores = allowedCores
    self.requestedThreadCount = requestedThreadCount
    self.threadCount = threadCount
  }

  /// That of this process, whose number of threads is set already.
  static var current: ThreadBinding {
    let cores = cores(status: systemText("/proc/self/status"))
    return ThreadBinding(
      allowedCores: cores.isEmpty
        ? Array(0..<allowedCoreCount) : cores,
      requestedThreadCount: ProcessInfo.processInfo.environment["OMP_NUM_THREADS"],
      threadCount: Kernels.threadCount)
  }

  /// The cores in the text of `/proc/self/status`, such as those of `Cpus_allowed_list: 0-3,8`.
  package static func cores(status: String) -> [Int] {
    let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
    let list = line?.drop { $0 != ":" }.dropFirst() ?? ""
    return list.split { $0 == "," || $0 == " " || $0 == "\t" }.flatMap { part -> [Int] in
      let bounds = part.split(separator: "-").compactMap { Int($0) }
      guard let first = bounds.first, let last = bounds.last, first <= last else { return [] }
      return Array(first...last)
    }
  }
}
