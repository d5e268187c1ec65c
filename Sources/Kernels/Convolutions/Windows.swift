import CKernels

/// What surrounds an image where a kernel reaches beyond it.
public enum Padding: Sendable, Hashable {
  /// Zeros, half an odd kernel wide on each side: at stride 1 the image keeps its size.
  case same
  /// Nothing: the kernel stays inside the image.
  case valid
  /// This many rows and columns of zeros.
  case zeros(top: Int, bottom: Int, left: Int, right: Int)
  /// The image itself, which wraps around: half an odd kernel on each side.
  case circular

  /// The same number of rows and columns of zeros on each side.
  public static func zeros(_ size: Int) -> Padding {
    .zeros(top: size, bottom: size, left: size, right: size)
  }
}

/// Where the windows of a kernel lie on an image: one for each pixel of the output.
///
///     outputHeight = ⌊(height + top + bottom − kernelHeight) / stride⌋ + 1
///
/// and the same for columns.
public struct Windows: Sendable, Hashable, CustomStringConvertible {
  /// Rows of the image.
  public let height: Int
  /// Columns of the image.
  public let width: Int
  /// Rows of the kernel.
  public let kernelHeight: Int
  /// Columns of the kernel.
  public let kernelWidth: Int
  /// Rows and columns from one window to the next.
  public let stride: Int
  /// Whether the image wraps around; else zeros surround it.
  let isCircular: Bool
  package let top: Int
  package let bottom: Int
  let left: Int
  let right: Int

  /// The windows on an image of `height` rows and `width` columns.
  ///
  /// - Parameters:
  ///   - height: Rows of the image.
  ///   - width: Columns of the image.
  ///   - kernelHeight: Rows of the kernel.
  ///   - kernelWidth: Columns of the kernel.
  ///   - stride: Rows and columns from one window to the next.
  ///   - padding: What surrounds the image.
  /// - Precondition: Sizes are positive, no padding negative, a kernel that is padded by half of it odd,
  ///   and there is at least one window.
  public init(
    height: Int, width: Int, kernelHeight: Int, kernelWidth: Int, stride: Int = 1,
    padding: Padding = .same
  ) {
    var (top, bottom, left, right) = (
      kernelHeight / 2, kernelHeight / 2, kernelWidth / 2, kernelWidth / 2
    )
    switch padding {
    case .same, .circular:
      precondition(
        kernelHeight % 2 == 1 && kernelWidth % 2 == 1,
        "windows: a kernel of \(kernelHeight)x\(kernelWidth) has no half to pad with, it must be odd"
      )
    case .valid: (top, bottom, left, right) = (0, 0, 0, 0)
    case .zeros(let rowsAbove, let rowsBelow, let columnsBefore, let columnsAfter):
      (top, bottom, left, right) = (rowsAbove, rowsBelow, columnsBefore, columnsAfter)
    }
    self.init(
      height: height, width: width, kernelHeight: kernelHeight, kernelWidth: kernelWidth,
      stride: stride, isCircular: padding == .circular && kernelHeight * kernelWidth > 1,
      top: top, bottom: bottom, left: left, right: right)
  }

  private init(
    height: Int, width: Int, kernelHeight: Int, kernelWidth: Int, stride: Int, isCircular: Bool,
    top: Int, bottom: Int, left: Int, right: Int
  ) {
    self.height = height
    self.width = width
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.stride = stride
    self.isCircular = isCircular
    self.top = top
    self.bottom = bottom
    self.left = left
    self.right = right
    precondition(
      height > 0 && width > 0 && kernelHeight > 0 && kernelWidth > 0 && stride > 0
        && min(top, bottom, left, right) >= 0 && height + top + bottom >= kernelHeight
        && width + left + right >= kernelWidth,
      "windows: sizes must be positive and the kernel fit: \(self)")
  }

  /// The sizes in one line, for messages.
  public var description: String {
    """
    \(height)x\(width), kernel \(kernelHeight)x\(kernelWidth), stride \(stride), \
    \(isCircular ? "circular" : "zeros") \(top)+\(bottom), \(left)+\(right)
    """
  }

  /// Rows of the output.
  public var outputHeight: Int { (height + top + bottom - kernelHeight) / stride + 1 }
  /// Columns of the output.
  public var outputWidth: Int { (width + left + right - kernelWidth) / stride + 1 }
  /// Pixels of the image.
  public var pixelCount: Int { height * width }
  /// Pixels of the output.
  public var outputPixelCount: Int { outputHeight * outputWidth }
  /// Elements of a kernel over one channel.
  public var tapCount: Int { kernelHeight * kernelWidth }

  /// Whether there is a window around each pixel of an image in zeros, as `.same` asks for at stride 1.
  var isSame: Bool {
    stride == 1 && !isCircular && top == bottom && left == right
      && 2 * top + 1 == kernelHeight && 2 * left + 1 == kernelWidth
  }

  /// Whether no two windows share a pixel.
  var areDisjoint: Bool { stride >= max(kernelHeight, kernelWidth) }

  /// The windows of the turned kernel on the output, one for each pixel of the image; nil where zeros
  /// around the output do not give them.
  var mirrored: Windows? {
    guard stride == 1, !isCircular, max(top, bottom) < kernelHeight, max(left, right) < kernelWidth
    else { return nil }
    return Windows(
      height: outputHeight, width: outputWidth, kernelHeight: kernelHeight,
      kernelWidth: kernelWidth, stride: 1, isCircular: false, top: kernelHeight - 1 - top,
      bottom: kernelHeight - 1 - bottom, left: kernelWidth - 1 - left,
      right: kernelWidth - 1 - right)
  }

  /// The pixel of the image below an element of an output pixel's kernel; nil where there are zeros.
  func source(row: Int, column: Int, kernelRow: Int, kernelColumn: Int) -> Int? {
    var sourceRow = row * stride + kernelRow - top
    var sourceColumn = column * stride + kernelColumn - left
    if isCircular {
      sourceRow = (sourceRow % height + height) % height
      sourceColumn = (sourceColumn % width + width) % width
    }
    guard 0..<height ~= sourceRow, 0..<width ~= sourceColumn else { return nil }
    return sourceRow * width + sourceColumn
  }

  /// The windows as C takes them.
  var layout: CKernelsWindows {
    CKernelsWindows(
      height: Int64(height), width: Int64(width), outputHeight: Int64(outputHeight),
      outputWidth: Int64(outputWidth), kernelHeight: Int64(kernelHeight),
      kernelWidth: Int64(kernelWidth), stride: Int64(stride), top: Int64(top), left: Int64(left),
      isCircular: isCircular ? 1 : 0)
  }
}
