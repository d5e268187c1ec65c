public import Autodiff
import Tensors

/// What the frozen network of a discriminator sees of images that are larger than its input.
public enum BackboneView: Sendable, Equatable {
  /// The whole images, made smaller.
  case whole
  /// A window of its input's size, the same for all images of a pass.
  case window(row: Int, column: Int)

  /// The network's input.
  ///
  /// Images of other sizes than its own: larger ones, on both sides, are reduced by area, all others are
  /// resized by cubic interpolation; or the window is cut out.
  ///
  /// - Parameters:
  ///   - images: Normalised, `[batch, height, width, channels]`.
  ///   - size: Height and width of the input.
  /// - Returns: `[batch, size, size, channels]`; `images` themselves where they have that size.
  /// - Precondition: A window lies on the images.
  public func callAsFunction(_ images: Variable, size: Int) -> Variable {
    let (height, width) = (images.shape[1], images.shape[2])
    switch self {
    case .whole:
      let isReduced = height > size && width > size
      return resize(
        images, height: size, width: size, interpolation: isReduced ? .area : .cubic)
    case .window(let row, let column):
      precondition(
        0...(max(0, height - size)) ~= row && 0...(max(0, width - size)) ~= column
          && height >= size && width >= size,
        "BackboneView: window of \(size) at \(row), \(column) of images \(height)x\(width)")
      return imageWindow(images, rows: row..<row + size, columns: column..<column + size)
    }
  }

  /// The view of a pass: of images that exceed the input on both sides a window at a uniform place with
  /// probability ½, of all others the whole.
  ///
  /// - Parameters:
  ///   - place: The lane and pass.
  ///   - height: Rows of the images.
  ///   - width: Columns of the images.
  ///   - size: Height and width of the input.
  /// - Returns: The view.
  public static func drawn(
    for place: DiscriminatorPlace, height: Int, width: Int, size: Int
  ) -> BackboneView {
    guard height > size, width > size else { return .whole }
    var stream = RandomStream(place.laneKey(for: .view))
    let isWindow = stream.uniform() < 0.5
    let row = stream.integer(below: height - size + 1)
    let column = stream.integer(below: width - size + 1)
    return isWindow ? .window(row: row, column: column) : .whole
  }
}
