/// The type of an array's elements in a file, whatever the file's format.
public enum ArrayElementType: String, Sendable, Hashable, CaseIterable {
  /// IEEE 754 binary16.
  case float16
  /// The upper half of a binary32 number.
  case bfloat16
  /// IEEE 754 binary32.
  case float32
  /// IEEE 754 binary64.
  case float64
  /// Signed, 8 bits.
  case int8
  /// Signed, 16 bits.
  case int16
  /// Signed, 32 bits.
  case int32
  /// Signed, 64 bits.
  case int64
  /// Unsigned, 8 bits.
  case uint8
  /// Unsigned, 16 bits.
  case uint16
  /// Unsigned, 32 bits.
  case uint32
  /// Unsigned, 64 bits.
  case uint64
  /// One byte, 0 or 1.
  case boolean

  /// The number of bytes that one element takes.
  public var byteCount: Int {
    switch self {
    case .int8, .uint8, .boolean: 1
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// The bytes that an array of a shape takes, or nil where a size is negative or the product does
  /// not fit in `Int`; readers compare it with what is there.
  package func byteCount(shape: [Int]) -> Int? {
    try? claimedSize(
      product: shape + [byteCount], field: "shape", of: "array", limit: .max)
  }
}

/// A Swift type whose arrays the file formats read and write as they lie in memory.
public protocol ArrayElement: BitwiseCopyable, Sendable {
  /// The element type in the file.
  static var arrayElementType: ArrayElementType { get }
}

extension Float: ArrayElement {
  /// `float32`.
  public static var arrayElementType: ArrayElementType { .float32 }
}

extension Double: ArrayElement {
  /// `float64`.
  public static var arrayElementType: ArrayElementType { .float64 }
}

extension Int8: ArrayElement {
  /// `int8`.
  public static var arrayElementType: ArrayElementType { .int8 }
}

extension Int16: ArrayElement {
  /// `int16`.
  public static var arrayElementType: ArrayElementType { .int16 }
}

extension Int32: ArrayElement {
  /// `int32`.
  public static var arrayElementType: ArrayElementType { .int32 }
}

extension Int64: ArrayElement {
  /// `int64`.
  public static var arrayElementType: ArrayElementType { .int64 }
}

extension UInt8: ArrayElement {
  /// `uint8`.
  public static var arrayElementType: ArrayElementType { .uint8 }
}

extension UInt16: ArrayElement {
  /// `uint16`.
  public static var arrayElementType: ArrayElementType { .uint16 }
}

extension UInt32: ArrayElement {
  /// `uint32`.
  public static var arrayElementType: ArrayElementType { .uint32 }
}

extension UInt64: ArrayElement {
  /// `uint64`.
  public static var arrayElementType: ArrayElementType { .uint64 }
}

extension Array where Element: ArrayElement {
  /// The elements that lie in a run of raw bytes, which need not be aligned.
  ///
  /// - Precondition: the number of bytes is a multiple of the element's size.
  init(copying bytes: UnsafeRawBufferPointer) {
    let stride = MemoryLayout<Element>.stride
    precondition(
      bytes.count % stride == 0, "\(bytes.count) bytes are no whole number of \(Element.self)")
    let count = bytes.count / stride
    self.init(unsafeUninitializedCapacity: count) { buffer, initializedCount in
      UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
      initializedCount = count
    }
  }
}
