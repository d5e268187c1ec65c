import CHDF5
import Foundation

/// The trial of a file of which nothing is known.
enum HDF5Trial {
  /// Seconds that a child may work; a sound file of many gigabytes takes less than one.
  private static let secondCount: UInt32 = 4
  /// Bytes that it may take beside what the process has already.
  private static let byteCount = 1 << 30

  /// Opens a file in a child process and looks at everything in it but the elements of its arrays.
  ///
  /// A file that the library refuses in an orderly way passes: whoever opens it learns why.
  /// - Throws: `HDF5Error` when the child ends by a signal, does not end, or finds damage.
  static func run(_ path: String) throws {
    let place = HDF5Place(file: path)
    let result = try HDF5Library.locked {
      try place.withFileAccess {
        CHDF5_tryFile(
          try SystemPath.characters(of: path, for: "open"), $0, secondCount, byteCount)
      }
    }
    guard let reason = reason(of: result) else { return }
    throw place.failure("trial", reason, advice: "Restore the file from a copy or write it anew.")
  }

  private static func reason(of result: Int32) -> String? {
    switch result {
    case Int32(CHDF5_trialPassed), Int32(CHDF5_trialNotOpened): nil
    case Int32(CHDF5_trialFailed): "a part of the file is damaged or was never written"
    case Int32(CHDF5_trialImpossible): "no process could be started that tries the file"
    case Int32(CHDF5_trialTooLarge):
      "the file is damaged: the library wanted more than \(byteCount >> 30) GiB of memory to open it"
    case -SIGXCPU, -SIGALRM: "the file is damaged: the library came to no end with it"
    case ..<0: "the file is damaged: the library ended by signal \(-result) on it"
    default: "the child process that tried the file ended with status \(result)"
    }
  }
}
