public import Autodiff
public import Tensors

/// Where a parameter stands in the arrays of an arena, and how published files lay it out.
///
/// A value without references to the arena, so that a background thread can save copies of the
/// arrays while training goes on.
public struct ParameterLayout: Sendable, Equatable {
  /// The published name.
  public let name: String
  /// The engine's shape.
  public let shape: [Int]
  /// The shape in published files.
  public let publishedShape: [Int]
  /// How the order of elements in published files relates to the engine's.
  public let layout: PublishedLayout
  /// The parameter's elements in each array.
  public let range: Range<Int>

  /// The layout of one parameter.
  public init(_ parameter: Parameter) {
    name = parameter.name
    shape = parameter.shape
    publishedShape = parameter.publishedShape
    layout = parameter.layout
    range = parameter.range
  }

  /// The layouts of all parameters of an arena, in its order.
  public static func layouts(of arena: ParameterArena) -> [ParameterLayout] {
    arena.parameters.map { ParameterLayout($0) }
  }

  /// The parameter's elements as published files have them.
  ///
  /// - Parameter array: A flat float32 array parallel to the arena.
  /// - Returns: A tensor of `publishedShape`: a view of `array` where the order is the same.
  public func published(_ array: Tensor) -> Tensor { published(elements: array.slice(range)) }

  /// The parameter's elements as published files have them.
  ///
  /// - Parameter elements: The elements in the engine's order, `[range.count]`.
  /// - Returns: A tensor of `publishedShape`: a view of `elements` where the order is the same.
  func published(elements: Tensor) -> Tensor {
    guard let (kernelSize, inputCount) = layout.transposition(of: shape) else {
      return elements.reshaped(to: publishedShape)
    }
    let published = Tensor(uninitialized: publishedShape)
    Self.transpose(elements, into: published, rowCount: kernelSize, columnCount: inputCount)
    return published
  }

  /// Writes the elements of a published tensor into the parameter's part of an array.
  ///
  /// - Parameters:
  ///   - published: A float32 tensor of `publishedShape`.
  ///   - array: A flat float32 array parallel to the arena.
  public func store(_ published: Tensor, into array: Tensor) {
    array.buffer[range].copy(from: arranged(published).buffer)
  }

  /// The elements of a published tensor in the engine's order.
  ///
  /// - Parameter published: A float32 tensor of `publishedShape`.
  /// - Returns: A tensor of `shape`: a view of `published` where the order is the same.
  public func arranged(_ published: Tensor) -> Tensor {
    precondition(
      published.shape == publishedShape,
      "ParameterLayout: \(name) of shape \(publishedShape) given as \(published.shape)")
    guard let (kernelSize, inputCount) = layout.transposition(of: shape) else {
      return published.reshaped(to: shape)
    }
    let arranged = Tensor(uninitialized: shape)
    Self.transpose(published, into: arranged, rowCount: inputCount, columnCount: kernelSize)
    return arranged
  }

  /// `[matrices, rows, columns]` → `[matrices, columns, rows]`.
  ///
  /// Rows and columns are the kernel's positions and the input channels of one output channel.
  private static func transpose(
    _ source: Tensor, into target: Tensor, rowCount: Int, columnCount: Int
  ) {
    source.buffer.withUnsafeMutableBytes { source in
      target.buffer.withUnsafeMutableBytes { target in
        let (source, target) = (
          source.assumingMemoryBound(to: Float.self), target.assumingMemoryBound(to: Float.self)
        )
        for start in stride(from: 0, to: source.count, by: rowCount * columnCount) {
          for column in 0..<columnCount {
            for row in 0..<rowCount {
              target[start + column * rowCount + row] = source[start + row * columnCount + column]
            }
          }
        }
      }
    }
  }
}
