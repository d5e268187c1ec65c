/// The element type in which the ranks tell each other finished sums.
///
/// Partial sums always travel in float32. They must: which partial sums cross from rank to rank
/// depends on the number of ranks, so rounding them would give every number of ranks bits of its
/// own. The finished sum is the same everywhere; it is rounded once, by the rank that finished it
/// or by a rank that is alone, and then travels in half the bytes. Of all the traffic, half of
/// which is partial and half finished sums, bfloat16 saves a quarter.
public enum WireFormat: String, Sendable, CaseIterable {
  /// As they are.
  case float32
  /// Rounded to bfloat16, the nearest one, ties to even; on arrival they are float32 again.
  case bfloat16
}

/// The bits of the nearest bfloat16, ties to even; not a number stays so.
func bfloat16Bits(of value: Float) -> UInt16 {
  let bits = value.bitPattern
  let nearest = (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
  let isNumber = bits & 0x7FFF_FFFF <= 0x7F80_0000
  return UInt16(truncatingIfNeeded: isNumber ? nearest : bits >> 16 | 0x40)
}

/// The number of given bfloat16 bits.
func float(ofBFloat16 bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

/// Rounds every element to its nearest bfloat16.
func round(_ buffer: UnsafeMutableBufferPointer<Float>) {
  for index in buffer.indices { buffer[index] = float(ofBFloat16: bfloat16Bits(of: buffer[index])) }
}

/// Writes the bfloat16 bits of `source` into `target`.
func pack(
  _ source: UnsafeMutableBufferPointer<Float>, into target: UnsafeMutableBufferPointer<UInt16>
) {
  precondition(
    source.count == target.count, "pack: \(source.count) elements into \(target.count)")
  for index in 0..<source.count { target[index] = bfloat16Bits(of: source[index]) }
}

/// Writes the numbers of the bfloat16 bits `source` into `target`.
func unpack(
  _ source: UnsafeMutableBufferPointer<UInt16>, into target: UnsafeMutableBufferPointer<Float>
) {
  precondition(
    source.count == target.count, "unpack: \(source.count) elements into \(target.count)")
  for index in 0..<source.count { target[index] = float(ofBFloat16: source[index]) }
}
