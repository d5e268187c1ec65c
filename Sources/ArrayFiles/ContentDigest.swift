import Foundation

/// A 64-bit digest of bytes, which arrive in any pieces: XXH64 with seed 0.
///
/// It finds damage, not tampering: two different contents share a digest with probability 2⁻⁶⁴.
/// Source: Yann Collet, "xxHash fast digest algorithm", version 0.1.1, section "XXH64".
public struct ContentDigest: Sendable {
  private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5
  private static let stripeSize = 32

  private let seed: UInt64
  private var lanes: (UInt64, UInt64, UInt64, UInt64)
  /// The bytes after the last whole stripe.
  private var pending: [UInt8] = []
  private var byteCount: UInt64 = 0

  /// The digest of nothing yet.
  public init() { self.init(seed: 0) }

  /// The digest of nothing yet under another seed than 0; only published vectors need one.
  package init(seed: UInt64) {
    self.seed = seed
    lanes = (
      seed &+ Self.prime1 &+ Self.prime2, seed &+ Self.prime2, seed, seed &- Self.prime1
    )
    pending.reserveCapacity(Self.stripeSize)
  }

  /// Takes in the next bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    byteCount &+= UInt64(bytes.count)
    var rest = bytes[...]
    if !pending.isEmpty {
      let missing = rest.prefix(Self.stripeSize - pending.count)
      pending.append(contentsOf: missing)
      rest = rest.dropFirst(missing.count)
      guard pending.count == Self.stripeSize else { return }
      pending.withUnsafeBytes { absorb($0) }
      pending.removeAll(keepingCapacity: true)
    }
    let wholeCount = rest.count - rest.count % Self.stripeSize
    absorb(UnsafeRawBufferPointer(rebasing: rest.prefix(wholeCount)))
    pending.append(contentsOf: rest.dropFirst(wholeCount))
  }

  /// Takes in the next bytes.
  public mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// Takes in the bytes of the next elements, as they lie in memory.
  public mutating func update<Element: ArrayElement>(elements: [Element]) {
    elements.withUnsafeBytes { update($0) }
  }

  /// The digest of all bytes so far.
  public var value: UInt64 {
    var hash =
      byteCount >= UInt64(Self.stripeSize) ? mergedLanes() : seed &+ Self.prime5
    hash &+= byteCount
    pending.withUnsafeBytes { bytes in
      var offset = 0
      while offset + 8 <= bytes.count {
        hash ^= Self.round(0, Self.load(bytes, offset, UInt64.self))
        hash = Self.rotate(hash, 27) &* Self.prime1 &+ Self.prime4
        offset += 8
      }
      if offset + 4 <= bytes.count {
        hash ^= UInt64(Self.load(bytes, offset, UInt32.self)) &* Self.prime1
        hash = Self.rotate(hash, 23) &* Self.prime2 &+ Self.prime3
        offset += 4
      }
      for byte in bytes.dropFirst(offset) {
        hash = Self.rotate(hash ^ (UInt64(byte) &* Self.prime5), 11) &* Self.prime1
      }
    }
    hash = (hash ^ (hash >> 33)) &* Self.prime2
    hash = (hash ^ (hash >> 29)) &* Self.prime3
    return hash ^ (hash >> 32)
  }

  /// The digest of all bytes so far as 16 hexadecimal digits.
  public var hexadecimal: String { ArrayFiles.hexadecimal(value) }

  /// What stands before the digits where a text says what kind of digest it is: `xxh64:`.
  public static let prefix = "xxh64:"

  /// The digest of all bytes so far as `xxh64:` and 16 hexadecimal digits.
  public var prefixed: String { Self.prefix + hexadecimal }

  /// The digest of some bytes.
  public static func of(_ bytes: UnsafeRawBufferPointer) -> ContentDigest {
    var digest = ContentDigest()
    digest.update(bytes)
    return digest
  }

  /// The digest of a file's content, or of its first bytes, read in pieces.
  ///
  /// - Throws: `FileError`.
  public static func ofFile(at path: String, byteCount limit: Int = .max) throws -> ContentDigest {
    let descriptor = try openFile(path, O_RDONLY)
    defer { close(descriptor) }
    var digest = ContentDigest()
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var rest = limit
    while true {
      let count = try buffer.withUnsafeMutableBytes { bytes in
        let count = try systemCall("read", on: path) {
          read(descriptor, bytes.baseAddress, min(bytes.count, rest))
        }
        digest.update(UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
        return count
      }
      rest -= count
      if count == 0 { return digest }
    }
  }

  /// Folds whole stripes into the four lanes.
  private mutating func absorb(_ bytes: UnsafeRawBufferPointer) {
    // Local copies keep the lanes in registers.
    var (first, second, third, fourth) = lanes
    for offset in stride(from: 0, to: bytes.count, by: Self.stripeSize) {
      first = Self.round(first, Self.load(bytes, offset, UInt64.self))
      second = Self.round(second, Self.load(bytes, offset + 8, UInt64.self))
      third = Self.round(third, Self.load(bytes, offset + 16, UInt64.self))
      fourth = Self.round(fourth, Self.load(bytes, offset + 24, UInt64.self))
    }
    lanes = (first, second, third, fourth)
  }

  private func mergedLanes() -> UInt64 {
    var hash =
      Self.rotate(lanes.0, 1) &+ Self.rotate(lanes.1, 7) &+ Self.rotate(lanes.2, 12)
      &+ Self.rotate(lanes.3, 18)
    for lane in [lanes.0, lanes.1, lanes.2, lanes.3] {
      hash = (hash ^ Self.round(0, lane)) &* Self.prime1 &+ Self.prime4
    }
    return hash
  }

  @inline(__always)
  private static func round(_ accumulator: UInt64, _ input: UInt64) -> UInt64 {
    rotate(accumulator &+ input &* prime2, 31) &* prime1
  }

  @inline(__always)
  private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
    (value &<< count) | (value &>> (64 &- count))
  }

  @inline(__always)
  private static func load<Word: FixedWidthInteger>(
    _ bytes: UnsafeRawBufferPointer, _ offset: Int, _ type: Word.Type
  ) -> Word {
    Word(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
  }
}
