import CHDF5

extension HDF5Dataset {
  /// Writes all elements chunk by chunk with checksums from here, which are faster than HDF5's; the
  /// file has the same bytes.
  ///
  /// - Returns: Whether it did: only where checksums are the one filter and chunks are runs of
  ///   elements.
  func writeChunks(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
    guard let chunks = checkedRuns else { return false }
    return try withUnsafeTemporaryAllocation(
      byteCount: chunks.byteCount + checksumSize, alignment: 64
    ) { staging in
      for index in 0..<chunks.count {
        let chunk = chunks[index]
        staging.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[chunk.bytes]))
        // What lies beyond the end of an axis.
        for place in chunk.bytes.count..<chunks.byteCount { staging[place] = 0 }
        let checksum = Fletcher32.checksum(
          UnsafeRawBufferPointer(rebasing: staging[..<chunks.byteCount]))
        staging.storeBytes(
          of: checksum.littleEndian, toByteOffset: chunks.byteCount, as: UInt32.self)
        try writeChunk(at: chunk.start, UnsafeRawBufferPointer(staging))
      }
      return true
    }
  }

  /// Reads all elements chunk by chunk, and compares the checksums here.
  ///
  /// - Returns: Whether it did, and all is as it was written; else HDF5 is to read them, which finds
  ///   the reason.
  func readChunks(into bytes: UnsafeMutableRawBufferPointer) throws -> Bool {
    guard let chunks = checkedRuns else { return false }
    return try withUnsafeTemporaryAllocation(
      byteCount: chunks.byteCount + checksumSize, alignment: 64
    ) { staging in
      for index in 0..<chunks.count {
        let chunk = chunks[index]
        guard try readChunk(at: chunk.start, into: staging) else { return false }
        let content = UnsafeRawBufferPointer(rebasing: staging[..<chunks.byteCount])
        let checksum = staging.loadUnaligned(fromByteOffset: chunks.byteCount, as: UInt32.self)
        guard Fletcher32.checksum(content) == UInt32(littleEndian: checksum) else { return false }
        UnsafeMutableRawBufferPointer(rebasing: bytes[chunk.bytes])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: content[..<chunk.bytes.count]))
      }
      return true
    }
  }

  /// The chunks, where they are stored as runs of elements with a checksum.
  private var checkedRuns: HDF5Chunks? {
    guard hasOnlyChecksums, let elementType else { return nil }
    return HDF5Chunks(
      shape: shape, chunkShape: chunkShape, elementByteCount: elementType.byteCount)
  }

  private func writeChunk(at start: [Int], _ bytes: UnsafeRawBufferPointer) throws {
    try file.writing("write", object: name) { _ in
      _ = try place.check(
        "H5Dwrite_chunk",
        H5Dwrite_chunk(
          handle, CHDF5_defaultProperties(), 0, start.map { hsize_t($0) }, bytes.count,
          bytes.baseAddress))
    }
  }

  /// Reads a chunk as it is stored; false where its size is another or a filter was left out.
  private func readChunk(at start: [Int], into bytes: UnsafeMutableRawBufferPointer) throws
    -> Bool
  {
    try HDF5Library.locked {
      _ = try file.openHandle("read", object: name)
      let offset = start.map { hsize_t($0) }
      var size = hsize_t(0)
      guard H5Dget_chunk_storage_size(handle, offset, &size) >= 0, size == bytes.count else {
        return false
      }
      var leftOut: UInt32 = 0
      return H5Dread_chunk(
        handle, CHDF5_defaultProperties(), offset, &leftOut, bytes.baseAddress) >= 0
        && leftOut == 0
    }
  }
}

/// Bytes of a checksum, which stands behind its chunk.
private let checksumSize = MemoryLayout<UInt32>.size
