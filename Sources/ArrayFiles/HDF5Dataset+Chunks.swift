import CHDF5

extension HDF5Dataset {
  /// Writes all elements chunk by chunk with checksums from here, which are faster than HDF5's; the
  /// file has the same bytes.
  ///
  /// - Returns: Whether it did: only where checksums are the one filter and chunks are runs of
  ///   elements.
  func writeChunks(_ bytes: UnsafeRawBufferPointer) throws -> Bool {
    try forEachChunk { chunk, content, stored in
      content.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[chunk.bytes]))
      // What lies beyond the end of an axis.
      for place in chunk.bytes.count..<content.count { content[place] = 0 }
      let checksum = Fletcher32.checksum(UnsafeRawBufferPointer(content))
      stored.storeBytes(of: checksum.littleEndian, toByteOffset: content.count, as: UInt32.self)
      try writeChunk(at: chunk.start, UnsafeRawBufferPointer(stored))
      return true
    }
  }

  /// Reads all elements chunk by chunk, and compares the checksums here.
  ///
  /// - Returns: Whether it did, and all is as it was written; else HDF5 is to read them, which finds
  ///   the reason.
  func readChunks(into bytes: UnsafeMutableRawBufferPointer) throws -> Bool {
    try forEachChunk { chunk, content, stored in
      guard try readChunk(at: chunk.start, into: stored) else { return false }
      let checksum = stored.loadUnaligned(fromByteOffset: content.count, as: UInt32.self)
      guard
        Fletcher32.checksum(UnsafeRawBufferPointer(content)) == UInt32(littleEndian: checksum)
      else { return false }
      UnsafeMutableRawBufferPointer(rebasing: bytes[chunk.bytes])
        .copyMemory(
          from: UnsafeRawBufferPointer(rebasing: content[..<chunk.bytes.count]))
      return true
    }
  }

  /// Calls `body` with each chunk, memory for its content, and the same with the checksum behind it,
  /// until it returns false.
  ///
  /// - Returns: Whether there are such chunks, and `body` returned true for all.
  private func forEachChunk(
    _ body: (
      HDF5Chunks.Chunk, _ content: UnsafeMutableRawBufferPointer,
      _ stored: UnsafeMutableRawBufferPointer
    ) throws -> Bool
  ) throws -> Bool {
    guard let chunks = checkedRuns else { return false }
    return try withUnsafeTemporaryAllocation(
      byteCount: chunks.byteCount + HDF5DatasetDescription.checksumByteCount, alignment: 64
    ) { stored in
      let content = UnsafeMutableRawBufferPointer(rebasing: stored[..<chunks.byteCount])
      return try (0..<chunks.count).allSatisfy { try body(chunks[$0], content, stored) }
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
