/// A typed region of a storage block: what kernels read and write.
///
/// Buffers carry a reference to their storage, so that no pointer leaves this target.
public struct Buffer: Sendable {
  /// The block that the region lies in.
  public internal(set) var storage: Storage
  /// The type of the elements.
  public let elementType: ElementType
  /// Elements before the region in the block.
  public let offset: Int
  /// Elements of the region.
  public let count: Int

  /// Takes `count` elements with any content from the pool.
  public init(_ elementType: ElementType, count: Int) {
    storage = Storage(byteCount: count * elementType.byteCount)
    self.elementType = elementType
    offset = 0
    self.count = count
  }

  private init(storage: Storage, elementType: ElementType, offset: Int, count: Int) {
    self.storage = storage
    self.elementType = elementType
    self.offset = offset
    self.count = count
  }

  /// The elements `range` of this region, in the same storage.
  public subscript(range: Range<Int>) -> Buffer {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= count,
      "Buffer: \(range) is outside 0..<\(count)")
    return Buffer(
      storage: storage, elementType: elementType, offset: offset + range.lowerBound,
      count: range.count)
  }

  /// Whether no other buffer shares the storage.
  public mutating func isUniquelyReferenced() -> Bool { isKnownUniquelyReferenced(&storage) }

  /// The start of the region.
  package var address: UnsafeMutableRawPointer {
    storage.address + offset * elementType.byteCount
  }

  /// The elements as single-precision numbers.
  package var floats: UnsafeMutablePointer<Float> { pointer(to: Float.self, .float32) }

  /// The elements as 32-bit integers.
  package var integers: UnsafeMutablePointer<Int32> { pointer(to: Int32.self, .int32) }

  /// The elements as the bits of bfloat16 numbers.
  package var bfloat16s: UnsafeMutablePointer<UInt16> { pointer(to: UInt16.self, .bfloat16) }

  /// The elements as bytes.
  package var bytes: UnsafeMutablePointer<UInt8> { pointer(to: UInt8.self, .uint8) }

  private func pointer<Element>(to type: Element.Type, _ expected: ElementType)
    -> UnsafeMutablePointer<Element>
  {
    precondition(
      elementType == expected, "Buffer: elements are \(elementType), a kernel needs \(expected)")
    return address.assumingMemoryBound(to: type)
  }
}

extension Buffer {
  /// Copies the elements out.
  public func array<Element: BufferElement>(of type: Element.Type = Element.self) -> [Element] {
    precondition(elementType == type.elementType, "Buffer: \(elementType) read as \(type)")
    let source = UnsafeBufferPointer(
      start: address.assumingMemoryBound(to: Element.self), count: count)
    return withExtendedLifetime(storage) { Array(source) }
  }

  /// Copies `elements` in.
  public func copy<Element: BufferElement>(from elements: [Element]) {
    precondition(
      elementType == Element.elementType && elements.count == count,
      "Buffer: \(elements.count) of \(Element.self) copied into \(count) of \(elementType)")
    let target = address.assumingMemoryBound(to: Element.self)
    withExtendedLifetime(storage) {
      elements.withUnsafeBufferPointer { source in
        guard let start = source.baseAddress else { return }
        target.update(from: start, count: count)
      }
    }
  }

  /// Copies all elements of `other`, which has the same type and count.
  public func copy(from other: Buffer) {
    precondition(
      elementType == other.elementType && other.count == count,
      "Buffer: \(other.count) of \(other.elementType) copied into \(count) of \(elementType)")
    withExtendedLifetime((storage, other.storage)) {
      address.copyMemory(from: other.address, byteCount: count * elementType.byteCount)
    }
  }

  /// Calls `body` with the region's bytes, for reading and writing files and messages.
  public func withUnsafeMutableBytes<Result>(
    _ body: (UnsafeMutableRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(storage) {
      try body(
        UnsafeMutableRawBufferPointer(start: address, count: count * elementType.byteCount))
    }
  }
}

/// A Swift type that is the element type of buffers.
public protocol BufferElement: Sendable {
  /// The element type of a buffer of these.
  static var elementType: ElementType { get }
}

extension Float: BufferElement {
  /// Single precision.
  public static var elementType: ElementType { .float32 }
}

extension Int32: BufferElement {
  /// Signed 32-bit integers.
  public static var elementType: ElementType { .int32 }
}

extension UInt8: BufferElement {
  /// Bytes.
  public static var elementType: ElementType { .uint8 }
}
