public import Autodiff
public import Tensors

/// A small random shift and stretch of images before LPIPS, in training only.
///
/// Images get a border of 15 pixels on each side, which repeats their edge; of it and the image some rows
/// and columns are cut off, and what remains is resized to the old size. Source: Docs/Networks.md, section 2.
public struct PerceptualJitter: Sendable, Equatable {
  /// Pixels of the border on each side, and the most that is cut off there.
  public static let borderSize = 15
  /// Rows cut off above.
  public let top: Int
  /// Rows cut off below.
  public let bottom: Int
  /// Columns cut off at the left.
  public let left: Int
  /// Columns cut off at the right.
  public let right: Int

  /// A jitter with given cuts, each in `0...borderSize`.
  public init(top: Int, bottom: Int, left: Int, right: Int) {
    precondition(
      [top, bottom, left, right].allSatisfy { 0...Self.borderSize ~= $0 },
      "PerceptualJitter: cuts \(top), \(bottom), \(left), \(right) of \(Self.borderSize) pixels")
    (self.top, self.bottom, self.left, self.right) = (top, bottom, left, right)
  }

  /// A jitter drawn from the stream of a key: four independent integers.
  public init(_ key: RandomKey) {
    var stream = RandomStream(key)
    func cut() -> Int { stream.integer(below: Self.borderSize + 1) }
    self.init(top: cut(), bottom: cut(), left: cut(), right: cut())
  }

  /// Applies the jitter to all images of a batch alike.
  ///
  /// - Parameter images: `[batch, height, width, channels]`.
  /// - Returns: Shaped like `images`.
  public func callAsFunction(_ images: Variable) -> Variable {
    let (height, width, border) = (images.shape[1], images.shape[2], Self.borderSize)
    let rows = top - border..<height + border - bottom
    let columns = left - border..<width + border - right
    return resize(
      imageWindow(images, rows: rows, columns: columns, border: .edge), height: height,
      width: width, interpolation: .cubic)
  }
}
