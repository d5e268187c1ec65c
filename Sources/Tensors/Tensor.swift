public import Kernels

/// The type of a tensor's elements.
public typealias ElementType = Kernels.ElementType

/// A contiguous, row-major array of numbers.
///
/// A tensor is a value: what was given to an operation does not change afterwards. Only the code
/// that has just made a tensor, and the optimizer on the parameter arena, write into its buffer.
public struct Tensor: Sendable {
  /// Elements along each axis; empty for a single number.
  public let shape: [Int]
  /// The elements.
  public var buffer: Buffer

  /// Wraps `buffer`, whose count is the product of `shape`.
  public init(shape: [Int], buffer: Buffer) {
    precondition(
      shape.reduce(1, *) == buffer.count,
      "Tensor: shape \(shape) does not hold \(buffer.count) elements")
    self.shape = shape
    self.buffer = buffer
  }

  /// A tensor with any content, to be written by a kernel.
  public init(uninitialized shape: [Int], _ elementType: ElementType = .float32) {
    self.init(shape: shape, buffer: Buffer(elementType, count: shape.reduce(1, *)))
  }

  /// A tensor of the given elements in row-major order.
  public init<Element: BufferElement>(_ elements: [Element], shape: [Int]) {
    self.init(uninitialized: shape, Element.elementType)
    buffer.copy(from: elements)
  }

  /// A tensor filled with one number.
  public init(repeating value: Float, shape: [Int]) {
    self.init(uninitialized: shape)
    fill(buffer, with: value)
  }

  /// The type of the elements.
  public var elementType: ElementType { buffer.elementType }

  /// Number of elements.
  public var count: Int { buffer.count }

  /// Number of axes.
  public var dimensionCount: Int { shape.count }

  /// Elements along the last axis; 1 for a single number.
  public var lastDimension: Int { shape.last ?? 1 }

  /// Number of rows when all axes but the last are taken as one.
  public var rowCount: Int { lastDimension == 0 ? 0 : count / lastDimension }

  /// The same elements under another shape.
  public func reshaped(to shape: [Int]) -> Tensor { Tensor(shape: shape, buffer: buffer) }

  /// Elements `range` of the first axis, in the same storage.
  public func slice(_ range: Range<Int>) -> Tensor {
    precondition(
      dimensionCount > 0 && range.lowerBound >= 0 && range.upperBound <= shape[0],
      "Tensor: slice \(range) of shape \(shape)")
    let stride = shape.dropFirst().reduce(1, *)
    return Tensor(
      shape: [range.count] + shape.dropFirst(),
      buffer: buffer[range.lowerBound * stride..<range.upperBound * stride])
  }

  /// The elements in row-major order.
  public func array<Element: BufferElement>(of type: Element.Type = Element.self) -> [Element] {
    buffer.array(of: type)
  }

  /// Whether every element, a float32, is a finite number.
  public var isFinite: Bool { squaredNorm(of: buffer).isFinite }

  /// The only element of a tensor that has one.
  public var scalar: Float {
    precondition(count == 1, "Tensor: scalar of shape \(shape)")
    return buffer.array(of: Float.self)[0]
  }
}

extension Tensor {
  /// The same tensors in storage of their own, copied on all threads.
  public static func copies(of tensors: [Tensor]) -> [Tensor] {
    let copies = tensors.map { Tensor(uninitialized: $0.shape, $0.elementType) }
    copyAll(tensors.map(\.buffer), into: copies.map(\.buffer))
    return copies
  }
}
