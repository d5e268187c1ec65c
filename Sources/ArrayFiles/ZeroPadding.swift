/// A number with zeros in front, such as `000005000` or the sixteen hexadecimal digits of a digest.
///
/// - Parameters:
///   - number: A number that is not negative.
///   - digitCount: The fewest digits.
///   - radix: The base.
/// - Returns: The digits.
package func zeroPadded(_ number: some BinaryInteger, digitCount: Int, radix: Int = 10) -> String {
  let digits = String(number, radix: radix)
  return String(repeating: "0", count: max(0, digitCount - digits.count)) + digits
}

/// Sixteen hexadecimal digits.
package func hexadecimal(_ value: UInt64) -> String {
  zeroPadded(value, digitCount: 16, radix: 16)
}
