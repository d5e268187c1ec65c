public import ArrayFiles
public import Autodiff
import Layers
public import Tensors

/// The convolutions of an image classifier, tapped five times: VGG-16 or AlexNet.
///
/// Images `[batch, height, width, 3]`, maps `[batch, …, widths[i]]`, each behind a ReLU.
/// Source: Zhang et al. 2018, section 3; Docs/Networks.md, section 2.
public struct PerceptualNetwork {
  /// Which network it is.
  public let architecture: PerceptualArchitecture
  /// Channels of the taps.
  public let widths: [Int]
  /// Where the parameters are; they do not keep it alive themselves.
  private let arena: ParameterArena
  private let stages: [[Convolution]]

  /// Creates the parameters `features.NUMBER` in a scope.
  ///
  /// - Parameters:
  ///   - architecture: Which network it is.
  ///   - widths: Channels of each tap; the published ones when nil.
  ///   - scope: Where the parameters are named.
  public init(
    _ architecture: PerceptualArchitecture, widths: [Int]? = nil, in scope: ParameterScope
  ) {
    let widths = widths ?? architecture.publishedWidths
    precondition(
      widths.count == architecture.stages.count,
      "PerceptualNetwork: \(widths.count) widths for \(architecture.stages.count) stages")
    var inputCount = 3
    self.architecture = architecture
    arena = scope.arena
    self.widths = widths
    stages = zip(zip(architecture.stages, architecture.convolutionNumbers), widths).map {
      stage, width in
      zip(stage.0.convolutions, stage.1).map { sizes, number in
        defer { inputCount = width }
        return Convolution(
          inputCount: inputCount, outputCount: width, kernelSize: sizes.kernelSize,
          stride: sizes.stride, padding: .zeros(sizes.padding), hasBias: true,
          initializer: frozenInitializer, in: scope["features"][number])
      }
    }
  }

  /// The tapped maps of images.
  ///
  /// With `recompute`, a stage keeps just its input, which is the map before.
  ///
  /// - Parameter images: `[batch, height, width, 3]` in [0, 1], large enough for all poolings.
  /// - Returns: The maps, `[batch, …, widths[i]]`.
  public func callAsFunction(_ images: Variable) -> [Variable] {
    var x = ImageNormalization.perceptual(images)
    return zip(architecture.stages, stages).map { stage, convolutions in
      x = x.tape.recomputing(x) { x in
        let pooled =
          stage.pooling.map { maxPool(x, kernelSize: $0.kernelSize, stride: $0.stride) } ?? x
        return convolutions.reduce(pooled) { relu($1($0)) }
      }
      return x
    }
  }
}

extension FrozenNetwork<PerceptualNetwork> {
  /// Reads VGG-16 or AlexNet, whose widths are those of the file's shapes.
  ///
  /// - Parameters:
  ///   - file: A file in torchvision's naming; its `classifier.*` is passed over.
  ///   - architecture: What is in it.
  ///   - operandType: The operand type of the tapes that it will be used on.
  /// - Throws: What reading any network throws.
  public init(
    perceptual file: WeightsFile, _ architecture: PerceptualArchitecture, operandType: ElementType
  ) throws {
    let shapes = FileShapes(of: file)
    let widths = zip(architecture.convolutionNumbers, architecture.publishedWidths).map {
      shapes.size("features.\($0[0]).weight", axis: 0, of: 4) ?? $1
    }
    try self.init(
      file, operandType: operandType, ignoring: PerceptualArchitecture.isIgnored
    ) { PerceptualNetwork(architecture, widths: widths, in: $0) }
  }
}
