import Foundation
import Kernels

/// Threads of this rank.
package enum RankThreads {
  /// Sets the threads of commands that have no configuration.
  package static func setAutomatic() { setThreadCount(automatic) }

  /// Sets the threads of commands that have no configuration, which may be asked for.
  ///
  /// - Parameter count: Threads of this rank; those that the launcher gives it, or its cores, when nil.
  package static func set(_ count: Int?) { setThreadCount(count ?? automatic) }

  /// OMP_NUM_THREADS where the launcher set it, else the cores of the affinity mask.
  package static var automatic: Int {
    if let text = ProcessInfo.processInfo.environment["OMP_NUM_THREADS"], let count = Int(text),
      count > 0
    {
      return count
    }
    return allowedCoreCount
  }
}
