/// The sizes of a convolution.
public struct ConvolutionShape: Sendable, Hashable, CustomStringConvertible {
  /// Number of images.
  public let batchSize: Int
  /// Channels of the input.
  public let inputCount: Int
  /// Channels of the output.
  public let outputCount: Int
  /// Where the kernel lies on an image.
  public let windows: Windows

  /// The sizes of a convolution of `[batch, height, width, input]` images.
  ///
  /// - Parameters:
  ///   - batchSize: Number of images.
  ///   - height: Rows of an image.
  ///   - width: Columns of an image.
  ///   - inputCount: Channels of the input.
  ///   - outputCount: Channels of the output.
  ///   - kernelHeight: Rows of the kernel.
  ///   - kernelWidth: Columns of the kernel.
  ///   - stride: Rows and columns from one place of the kernel to the next.
  ///   - padding: What surrounds an image.
  /// - Precondition: Sizes are positive and fit; see `Windows`.
  public init(
    batchSize: Int, height: Int, width: Int, inputCount: Int, outputCount: Int,
    kernelHeight: Int, kernelWidth: Int, stride: Int = 1, padding: Padding = .same
  ) {
    self.init(
      batchSize: batchSize, inputCount: inputCount, outputCount: outputCount,
      windows: Windows(
        height: height, width: width, kernelHeight: kernelHeight, kernelWidth: kernelWidth,
        stride: stride, padding: padding))
  }

  init(batchSize: Int, inputCount: Int, outputCount: Int, windows: Windows) {
    self.batchSize = batchSize
    self.inputCount = inputCount
    self.outputCount = outputCount
    self.windows = windows
    precondition(
      batchSize > 0 && inputCount > 0 && outputCount > 0,
      "convolution: sizes must be positive: \(self)")
  }

  /// The sizes in one line, for messages.
  public var description: String {
    "\(batchSize) images, \(inputCount) to \(outputCount) channels, \(windows)"
  }

  /// Rows of an image.
  public var height: Int { windows.height }
  /// Columns of an image.
  public var width: Int { windows.width }
  /// Rows of the kernel.
  public var kernelHeight: Int { windows.kernelHeight }
  /// Columns of the kernel.
  public var kernelWidth: Int { windows.kernelWidth }
  /// Pixels of one image.
  var pixelCount: Int { windows.pixelCount }
  /// Elements of a kernel over one channel.
  var tapCount: Int { windows.tapCount }
  /// Elements of the weights.
  public var weightCount: Int { outputCount * tapCount * inputCount }
  /// Elements of the input.
  public var inputElementCount: Int { batchSize * pixelCount * inputCount }
  /// Elements of the output.
  public var outputElementCount: Int { batchSize * windows.outputPixelCount * outputCount }

  /// Whether the convolution maps each pixel by itself.
  var isPointwise: Bool { tapCount == 1 && windows.isSame }

  /// The convolution of the gradients that gives the input's gradient; nil where none does.
  package var mirrored: ConvolutionShape? {
    windows.mirrored.map {
      ConvolutionShape(
        batchSize: batchSize, inputCount: outputCount, outputCount: inputCount, windows: $0)
    }
  }

  func check(input: Buffer, weight: Buffer, output: Buffer, _ name: String) {
    precondition(
      input.count == inputElementCount && weight.count == weightCount
        && output.count == outputElementCount,
      "\(name): \(input.count), \(weight.count) and \(output.count) elements for \(self)")
  }
}
