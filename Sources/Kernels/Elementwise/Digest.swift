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

/// The digest of a buffer that comes in pieces and is never in memory as a whole.
public struct BufferDigest {
  private var chunk: [UInt8] = []
  private var chunks: [UInt64] = []

  /// The digest of nothing yet.
  public init() { chunk.reserveCapacity(digestChunkSize) }

  /// Takes the elements that follow.
  public mutating func append(_ x: Buffer) {
    x.withUnsafeMutableBytes { bytes in
      var rest = UnsafeRawBufferPointer(bytes)[...]
      while !rest.isEmpty {
        let part = rest.prefix(digestChunkSize - chunk.count)
        chunk.append(contentsOf: part)
        rest = rest[part.endIndex...]
        if chunk.count == digestChunkSize { closeChunk() }
      }
    }
  }

  /// Takes some zero bytes that follow.
  public mutating func appendZeros(byteCount: Int) {
    for _ in 0..<byteCount {
      chunk.append(0)
      if chunk.count == digestChunkSize { closeChunk() }
    }
  }

  /// `digest(of:)` of the buffer that has all of this.
  public var value: UInt64 {
    var whole = self
    if !whole.chunk.isEmpty { whole.closeChunk() }
    return digest(of: whole.chunks)
  }

  private mutating func closeChunk() {
    chunks.append(chunk.withUnsafeBytes { CKernels_digest($0.baseAddress, Int64($0.count)) })
    chunk.removeAll(keepingCapacity: true)
  }
}
