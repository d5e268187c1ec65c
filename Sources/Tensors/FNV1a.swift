/// The 64-bit FNV-1a hash of bytes: the same on every machine, unlike Swift's own hashes.
///
/// Source: G. Fowler, L. C. Noll, K.-P. Vo and D. Eastlake, RFC 9923.
package func fnv1a(_ bytes: some Sequence<UInt8>) -> UInt64 {
  bytes.reduce(0xCBF2_9CE4_8422_2325) { hash, byte in (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
}
