/// The digest of FIPS 180-4, for expected values that other programs digested.
public enum SHA256 {
  /// The digest of some bytes in 64 hexadecimal digits.
  public static func hexadecimal(_ bytes: [UInt8]) -> String {
    var state: [UInt32] = [
      0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB,
      0x5BE0_CD19,
    ]
    var padded = bytes + [0x80]
    padded += [UInt8](repeating: 0, count: (120 - padded.count % 64) % 64)
    let bitCount = UInt64(bytes.count) * 8
    padded += (0..<8).reversed().map { UInt8(truncatingIfNeeded: bitCount >> (8 * $0)) }
    for start in stride(from: 0, to: padded.count, by: 64) {
      add(padded[start..<start + 64], to: &state)
    }
    return state.map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
  }

  private static func add(_ block: ArraySlice<UInt8>, to state: inout [UInt32]) {
    var words = (0..<16).map { index in
      (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(block[block.startIndex + 4 * index + $1]) }
    }
    for t in 16..<64 {
      let (a, b) = (words[t - 15], words[t - 2])
      let early = turned(a, 7) ^ turned(a, 18) ^ a >> 3
      let late = turned(b, 17) ^ turned(b, 19) ^ b >> 10
      words.append(words[t - 16] &+ early &+ words[t - 7] &+ late)
    }
    var s = state
    for t in 0..<64 {
      let mixed = turned(s[4], 6) ^ turned(s[4], 11) ^ turned(s[4], 25)
      let choice = (s[4] & s[5]) ^ (~s[4] & s[6])
      let first = s[7] &+ mixed &+ choice &+ constants[t] &+ words[t]
      let summed = turned(s[0], 2) ^ turned(s[0], 13) ^ turned(s[0], 22)
      let majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2])
      s = [first &+ summed &+ majority, s[0], s[1], s[2], s[3] &+ first, s[4], s[5], s[6]]
    }
    for index in 0..<8 { state[index] &+= s[index] }
  }

  private static func turned(_ word: UInt32, _ count: UInt32) -> UInt32 {
    word >> count | word << (32 - count)
  }

  /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
  private static let constants: [UInt32] = {
    var primes: [Int] = []
    var candidate = 2
    while primes.count < 64 {
      if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
      candidate += 1
    }
    // The cube root times 2^32, rounded down: its cube is at most p * 2^96.
    return primes.map { prime in
      var root: UInt64 = 0
      for bit in (0..<36).reversed() {
        let trial = root | 1 << UInt64(bit)
        if isCube(trial, atMost: UInt64(prime)) { root = trial }
      }
      return UInt32(truncatingIfNeeded: root)
    }
  }()

  /// Whether x³ ≤ p · 2⁹⁶.
  private static func isCube(_ x: UInt64, atMost prime: UInt64) -> Bool {
    let square = x.multipliedFullWidth(by: x)
    let low = square.low.multipliedFullWidth(by: x)
    let high = square.high.multipliedFullWidth(by: x)
    let (middle, carries) = low.high.addingReportingOverflow(high.low)
    let top = high.high &+ (carries ? 1 : 0)
    // The cube's words from the top: top, middle, low.low. p · 2⁹⁶ is p << 32 in the middle.
    let limit = prime << 32
    return top == 0 && (middle < limit || middle == limit && low.low == 0)
  }
}
