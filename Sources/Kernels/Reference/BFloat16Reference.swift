/// Naive rounding to bfloat16, by comparing the two neighbours.
package enum BFloat16Reference {
  /// The nearest bfloat16 number, the one with an even last bit on ties; for finite numbers.
  package static func rounded(_ x: Double) -> Double {
    let magnitude = Float(abs(x))
    let lower = magnitude.bitPattern >> 16
    let candidates = [lower, lower + 1].map { Double(Float(bitPattern: $0 << 16)) }
    let (down, up) = (Double(magnitude) - candidates[0], candidates[1] - Double(magnitude))
    let isUp = up < down || (up == down && lower % 2 == 1)
    return (x < 0 ? -1 : 1) * candidates[isUp ? 1 : 0]
  }
}
