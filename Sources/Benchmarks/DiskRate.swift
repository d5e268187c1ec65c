import ArrayFiles

/// The time of a plain sequential write, for comparison.
enum DiskRate {
  /// Writes a file, brings it to the disk, and removes it.
  ///
  /// - Parameters:
  ///   - byteCount: Bytes to write.
  ///   - path: The file, which is not there.
  ///   - afterBlock: Called after every block; throws to give up.
  /// - Returns: Bytes a second, from the first byte to the end of `fsync`.
  /// - Throws: `FileError`, or what `afterBlock` throws; then too the file is gone.
  static func measure(
    byteCount: Int, path: String, afterBlock: () throws -> Void
  ) throws -> Double {
    // Not zeros, which a disk might not store.
    let block = (0..<1 << 18).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
    defer { try? FileSystem.remove(path) }
    let start = ContinuousClock.now
    let writer = try FileWriter(path: path)
    for offset in stride(from: 0, to: byteCount, by: block.count) {
      let count = min(block.count, byteCount - offset)
      try block.withUnsafeBytes { try writer.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      try afterBlock()
    }
    try writer.synchronizeAndClose()
    return Double(byteCount) / (ContinuousClock.now - start).inSeconds
  }
}
