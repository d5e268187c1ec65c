import CFileSystem
import Foundation

/// Lets the disk write a file that is growing, instead of all of it in the end, in `fsync`.
///
/// Only a hint: what it cannot do is left to `FileSystem.synchronize`, which reports the errors.
public final class EarlyWriteBack {
  private let descriptor: Int32
  private var offset = 0

  /// Watches a file, which another part of the program writes.
  public init(of path: String) {
    descriptor = (try? openFile(path, O_RDONLY)) ?? -1
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Starts to write what has been added, without waiting for it.
  public func advance() {
    #if os(Linux)
      var status = stat()
      guard descriptor >= 0, fstat(descriptor, &status) == 0 else { return }
      let end = Int(status.st_size)
      guard end - offset >= Self.leastByteCount else { return }
      _ = sync_file_range(
        descriptor, Int64(offset), Int64(end - offset), CFileSystem_startWriting)
      offset = end
    #endif
  }

  /// Fewer bytes are not worth a call.
  private static let leastByteCount = 8 << 20
}
