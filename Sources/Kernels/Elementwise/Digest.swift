import CKernels

/// Bytes of the pieces that a digest is computed from.
private let digestChunkSize = 65_536

/// 64 bits that tell two buffers of different content apart, for comparing replicas.
///
/// Every bit counts: numbers that compare equal but differ in their bits give other digests. The
/// result depends on the bytes only, not on the number of threads. It finds accidents, not forgeries.
public func digest(of x: Buffer) -> UInt64 {
  let byteCount = x.count * x.elementType.byteCount
  var chunks = [UInt64](repeating: 0, count: (byteCount + digestChunkSize - 1) / digestChunkSize)
  let source = x.address
  withExtendedLifetime(x.storage) {
    chunks.withUnsafeMutableBufferPointer { chunks in
      parallelChunks(byteCount, chunkSize: digestChunkSize) { chunk, range in
        chunks[chunk] = CKernels_digest(source + range.lowerBound, Int64(range.count))
      }
    }
  }
  return digest(of: chunks)
}

/// The digest of a list of digests, in its order.
public func digest(of digests: [UInt64]) -> UInt64 {
  digests.withUnsafeBytes { CKernels_digest($0.baseAddress, Int64($0.count)) }
}
