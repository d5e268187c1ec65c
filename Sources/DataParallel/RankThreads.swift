import Foundation
import Kernels

/// Threads of this rank.
package enum RankThreads {
  /// Sets the threads of commands that have no configuration.
  package static func setAutomatic() { setThreadCount(automatic) }

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
