import Foundation

/// One tensor of a safetensors file: its type, its shape and its elements in row-major order.
public struct SafetensorsTensor: StoredTensor {
  /// The tensor's name.
  public let name: String
  /// The element type.
  public let elementType: ArrayElementType
  /// The size of each axis; empty for a single number.
  public let shape: [Int]
  /// The path of the file, or "tensor" for one that is to be written.
  public let origin: String
  private let data: Data

  /// A tensor to be written.
  ///
  /// `shape`: the size of each axis; one axis where it is left out.
  /// - Precondition: The shape's product is the number of elements.
  public init<Element: ArrayElement>(_ name: String, _ elements: [Element], shape: [Int]? = nil) {
    let shape = shape ?? [elements.count]
    precondition(
      shape.reduce(1, *) == elements.count && !shape.contains { $0 < 0 },
      "tensor '\(name)': shape \(shape) does not hold \(elements.count) elements")
    self.init(
      name: name, elementType: Element.arrayElementType, shape: shape, origin: "tensor",
      data: elements.withUnsafeBytes { Data($0) })
  }

  /// A tensor to be written from raw bytes, for types that Swift has no number for.
  ///
  /// - Precondition: The bytes are those of the shape and type.
  public init(_ name: String, bytes: [UInt8], elementType: ArrayElementType, shape: [Int]) {
    precondition(
      elementType.byteCount(shape: shape) == bytes.count,
      "tensor '\(name)': \(bytes.count) bytes are not those of \(shape) of \(elementType)")
    self.init(
      name: name, elementType: elementType, shape: shape, origin: "tensor", data: Data(bytes))
  }

  init(name: String, elementType: ArrayElementType, shape: [Int], origin: String, data: Data) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.origin = origin
    self.data = data
  }

  /// Runs `body` with the elements' bytes, which need not be aligned.
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
    -> Result
  {
    try data.withUnsafeBytes(body)
  }
}
