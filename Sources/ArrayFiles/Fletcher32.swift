/// The checksum of HDF5's Fletcher-32 filter, many bytes at a time.
///
///     a = Σ wᵢ,  b = Σ (n − i) wᵢ  (mod 65535),  i = 0 … n − 1
///
/// over the 16-bit words of a chunk, high byte first; a sum that is a multiple of 65535 is 65535, and
/// 0 only where all words are. Swapping the bytes of a word multiplies it by 256 modulo 65535, so the
/// sums are those of low-byte-first words, times 256.
/// Source: HDF5 1.10 `H5checksum.c`, `H5_checksum_fletcher32`.
package enum Fletcher32 {
  /// Eight pairs of words.
  private typealias Pairs = SIMD8<UInt32>
  /// Steps after which the sums of sums still fit 32 bits: 360 · 361 / 2 · 65535 < 2³².
  private static let stepLimit = 360

  /// The checksum of some bytes.
  package static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var sums = Sums()
    let stride = MemoryLayout<Pairs>.size
    var offset = 0
    while bytes.count - offset >= stride {
      let stepCount = min((bytes.count - offset) / stride, stepLimit)
      sums.add(
        UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + stepCount * stride]))
      offset += stepCount * stride
    }
    while offset < bytes.count {
      let high = offset + 1 < bytes.count ? UInt64(bytes[offset + 1]) << 8 : 0
      sums.add(word: high | UInt64(bytes[offset]))
      offset += 2
    }
    return sums.checksum
  }

  /// Both sums so far, of low-byte-first words.
  private struct Sums {
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    private var isZero = true

    mutating func add(word: UInt64) {
      isZero = isZero && word == 0
      first = (first + word) % 65535
      second = (second + first) % 65535
    }

    /// Adds whole steps, `stepLimit` at most.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
      var (low, high) = (Pairs(), Pairs())
      // After the last step: every word times the number of steps from its own on.
      var (lowRuns, highRuns) = (Pairs(), Pairs())
      let stepCount = bytes.count / MemoryLayout<Pairs>.size
      for step in 0..<stepCount {
        let pairs = bytes.loadUnaligned(
          fromByteOffset: step * MemoryLayout<Pairs>.size, as: Pairs.self)
        low &+= pairs & 0xffff
        high &+= pairs &>> 16
        lowRuns &+= low
        highRuns &+= high
      }
      let wordCount = 2 * UInt64(Pairs.scalarCount)
      var (sum, weighted): (UInt64, UInt64) = (0, 0)
      for lane in 0..<Pairs.scalarCount {
        let place = 2 * UInt64(lane)
        sum += UInt64(low[lane]) + UInt64(high[lane])
        weighted += wordCount * UInt64(lowRuns[lane]) - place * UInt64(low[lane])
        weighted += wordCount * UInt64(highRuns[lane]) - (place + 1) * UInt64(high[lane])
      }
      isZero = isZero && sum == 0
      second = (second + UInt64(stepCount) * wordCount * first + weighted) % 65535
      first = (first + sum) % 65535
    }

    var checksum: UInt32 {
      func swapped(_ sum: UInt64) -> UInt32 {
        let sum = UInt32(256 * sum % 65535)
        return sum == 0 && !isZero ? 65535 : sum
      }
      return swapped(second) << 16 | swapped(first)
    }
  }
}
