import CKernels

/// The name of a stream of counter-based random numbers (Philox4x32-10).
///
/// The word at a position of a stream is a pure function of the name and the position: block b of
/// four words is the image of the counter (b, stream) under the key. Nothing is stored, so draws do
/// not depend on their order or on the number of threads.
/// Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
public struct PhiloxStream: Sendable, Hashable {
  /// The key of the generator.
  public let key: UInt64
  /// The upper half of the counter.
  public let stream: UInt64

  /// Names a stream.
  public init(key: UInt64, stream: UInt64) {
    self.key = key
    self.stream = stream
  }

  /// Words of one block.
  public static let blockSize = 4

  /// The four words of block `block`, at the positions 4·block to 4·block + 3.
  public func words(ofBlock block: UInt64) -> (UInt32, UInt32, UInt32, UInt32) {
    philox(
      counter: (
        UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32),
        UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32)
      ), key: key)
  }
}

/// Ten rounds of Philox4x32: four words from a counter of four words and a key of two.
public func philox(counter: (UInt32, UInt32, UInt32, UInt32), key: UInt64)
  -> (UInt32, UInt32, UInt32, UInt32)
{
  withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 8) { words in
    (words[0], words[1], words[2], words[3]) = counter
    guard let start = words.baseAddress else { return counter }
    CKernels_philox(start + 4, start, key)
    return (words[4], words[5], words[6], words[7])
  }
}

/// Elements that one task draws: a multiple of the words that are drawn together.
private let drawnChunkSize = 8192

/// Fills `y` with numbers uniform in `low ..< high`, in steps of 2⁻²⁴ of the width.
///
/// Rounding of low + width·u may give `high` itself.
public func fillUniform(_ y: Buffer, low: Float, high: Float, stream: PhiloxStream) {
  precondition(
    low.isFinite && high.isFinite && low <= high, "fillUniform: bounds \(low) and \(high)")
  let target = y.floats
  parallelChunks(y.count, chunkSize: drawnChunkSize) { _, range in
    CKernels_uniform(
      target + range.lowerBound, low, high, stream.key, stream.stream,
      Int64(range.lowerBound / PhiloxStream.blockSize), Int64(range.count))
  }
}

/// Fills `y` with normal numbers of mean 0 (Box–Muller on pairs of words).
public func fillNormal(_ y: Buffer, standardDeviation: Float, stream: PhiloxStream) {
  precondition(
    standardDeviation.isFinite && standardDeviation >= 0,
    "fillNormal: standardDeviation \(standardDeviation) is not a size")
  let target = y.floats
  parallelChunks(y.count, chunkSize: drawnChunkSize) { _, range in
    CKernels_normal(
      target + range.lowerBound, standardDeviation, stream.key, stream.stream,
      Int64(range.lowerBound / PhiloxStream.blockSize), Int64(range.count))
  }
}

/// Fills `y` with normal numbers of mean 0, drawn again while outside ±`bound`.
///
/// Redraws come from blocks of their own at the same position, so that they too depend on the stream
/// and the position only.
public func fillTruncatedNormal(
  _ y: Buffer, standardDeviation: Float, bound: Float, stream: PhiloxStream
) {
  precondition(
    standardDeviation >= 0 && bound > 0 && standardDeviation <= 8 * bound,
    "fillTruncatedNormal: standardDeviation \(standardDeviation) with bound \(bound)")
  let target = y.floats
  parallelChunks(y.count, chunkSize: drawnChunkSize) { _, range in
    CKernels_truncatedNormal(
      target + range.lowerBound, standardDeviation, bound, stream.key, stream.stream,
      Int64(range.lowerBound / PhiloxStream.blockSize), Int64(range.count))
  }
}

/// y = x / (1 − p) where the word at the element's position is at least p·2³², else 0.
///
/// The map is linear with a diagonal matrix: it is its own pullback.
///
/// - Parameters:
///   - y: The result; may be `x`.
///   - x: As many elements.
///   - probability: p, of an element to become 0; in 0 ..< 1.
///   - stream: The words; element i meets the word at position i.
///   - isAdding: Whether the result is added to `y`.
public func dropElements(
  into y: Buffer, _ x: Buffer, probability: Float, stream: PhiloxStream, isAdding: Bool = false
) {
  precondition(y.count == x.count, "dropElements: counts \(y.count) and \(x.count) differ")
  precondition(
    probability >= 0 && probability < 1, "dropElements: probability \(probability) not in 0 ..< 1")
  let (target, source) = (y.floats, x.floats)
  let threshold = UInt32(Double(probability) * 0x1p32)
  let scale = Float(1 / (1 - Double(probability)))
  parallelChunks(y.count, chunkSize: drawnChunkSize) { _, range in
    CKernels_dropout(
      target + range.lowerBound, source + range.lowerBound, threshold, scale, isAdding ? 1 : 0,
      stream.key, stream.stream, Int64(range.lowerBound / PhiloxStream.blockSize),
      Int64(range.count))
  }
}
