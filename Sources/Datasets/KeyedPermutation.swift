/// A random-looking permutation of `0..<count` that takes no memory: any element in constant time.
///
/// A Feistel network of eight rounds on the smallest even number of bits that holds `count`; results
/// beyond `count` are sent through again until one is below (cycle walking, at most four times on
/// average), which keeps it a permutation.
/// Source: Black & Rogaway 2002, "Ciphers with Arbitrary Finite Domains", sections 3 and 4.
public struct KeyedPermutation: Sendable {
  /// Number of elements.
  public let count: Int
  private let key: UInt64
  private let halfBitCount: UInt64

  private static let roundCount: UInt64 = 8

  /// Makes the permutation of a key.
  ///
  /// - Parameters:
  ///   - count: Number of elements.
  ///   - key: Different keys give unrelated permutations.
  /// - Precondition: `count` is not negative.
  public init(count: Int, key: UInt64) {
    precondition(count >= 0, "KeyedPermutation: the count \(count) is negative")
    self.count = count
    self.key = key
    let bitCount = count < 2 ? 1 : Int.bitWidth - (count - 1).leadingZeroBitCount
    halfBitCount = UInt64((bitCount + 1) / 2)
  }

  /// Where an element goes.
  ///
  /// - Parameter element: An element of `0..<count`.
  /// - Precondition: `element` is an element of `0..<count`.
  public subscript(element: Int) -> Int {
    precondition(
      element >= 0 && element < count, "KeyedPermutation: \(element) is not in 0..<\(count)")
    var value = UInt64(element)
    repeat {
      value = permuteWholeDomain(value)
    } while value >= UInt64(count)
    return Int(value)
  }

  private func permuteWholeDomain(_ value: UInt64) -> UInt64 {
    let mask: UInt64 = (1 << halfBitCount) - 1
    var left = value >> halfBitCount
    var right = value & mask
    for round in 0..<Self.roundCount {
      let mixed = KeyMixing.mix(key &+ round &* 0x9E37_79B9_7F4A_7C15 ^ right)
      (left, right) = (right, left ^ (mixed & mask))
    }
    return left << halfBitCount | right
  }
}

/// Makes keys of permutations from integers.
enum KeyMixing {
  /// What a permutation is for; equal numbers elsewhere then do no harm.
  enum Purpose: UInt64 {
    case blocks = 1
    case window = 2
    case tail = 3
    case packing = 4
    case synthesis = 5
  }

  /// A bijection of 64-bit integers in which every input bit changes half of the output bits.
  ///
  /// Source: the output function of SplitMix64 (Steele, Lea & Flood 2014).
  static func mix(_ value: UInt64) -> UInt64 {
    var mixed = value
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// The key for a purpose and some integers.
  static func key(seed: UInt64, _ purpose: Purpose, _ integers: UInt64...) -> UInt64 {
    ([purpose.rawValue] + integers).reduce(mix(seed)) {
      mix($0 &+ 0x9E37_79B9_7F4A_7C15 ^ mix($1 &+ 0x632B_E59B_D9B4_E019))
    }
  }
}
