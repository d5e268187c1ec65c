/// The type of a tensor's elements.
public enum ElementType: String, Sendable, CaseIterable {
  /// IEEE single precision.
  case float32
  /// The upper half of a single-precision number: 8 bits of exponent, 7 of fraction.
  case bfloat16
  /// Signed 32-bit integers: indices and labels.
  case int32
  /// Bytes: pixels.
  case uint8

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .float32, .int32: 4
    case .bfloat16: 2
    case .uint8: 1
    }
  }
}
