public import ArrayFiles
public import Autodiff
import Layers
public import Tensors

/// ConvNeXt, an image classifier whose logits a perceptual loss may compare.
///
/// Images `[batch, height, width, 3]`, logits `[batch, classCount]`. Source: Liu et al. 2022; torchvision,
/// `convnext_small`; Docs/Networks.md, section 2.
public struct ConvNeXt {
  /// The sizes of a network; by default those of ConvNeXt-S.
  public struct Configuration: Sendable, Equatable {
    /// Channels of each stage.
    public var widths: [Int]
    /// Blocks of each stage.
    public var blockCounts: [Int]
    /// Number of logits.
    public var classCount: Int

    /// Groups the sizes.
    public init(
      widths: [Int] = [96, 192, 384, 768], blockCounts: [Int] = [3, 3, 27, 3],
      classCount: Int = 1000
    ) {
      self.widths = widths
      self.blockCounts = blockCounts
      self.classCount = classCount
    }
  }

  /// Added to the variance by every norm.
  static let epsilon: Float = 1e-6
  /// Height and width that images are resized to.
  static let inputSize = 224

  /// The sizes.
  public let configuration: Configuration
  /// Where the parameters are; they do not keep it alive themselves.
  private let arena: ParameterArena
  /// What makes each stage's images smaller: a norm behind the stem's convolution, before the others.
  private let reductions: [(convolution: Convolution, norm: LayerNorm)]
  private let stages: [[ConvNeXtBlock]]
  private let norm: LayerNorm
  private let classifier: Linear

  /// Creates the parameters under torchvision's names in a scope.
  public init(_ configuration: Configuration, in scope: ParameterScope) {
    let (widths, features) = (configuration.widths, scope["features"])
    precondition(
      widths.count == configuration.blockCounts.count && !widths.isEmpty,
      "ConvNeXt: widths \(widths), blocks \(configuration.blockCounts)")
    self.configuration = configuration
    arena = scope.arena
    reductions = widths.enumerated().map { index, width in
      let inputCount = index == 0 ? 3 : widths[index - 1]
      let inner = features[2 * index]
      return (
        Convolution(
          inputCount: inputCount, outputCount: width, kernelSize: index == 0 ? 4 : 2,
          stride: index == 0 ? 4 : 2, padding: .valid, hasBias: true,
          initializer: frozenInitializer, in: inner[index == 0 ? 0 : 1]),
        LayerNorm(
          channelCount: index == 0 ? width : inputCount, epsilon: Self.epsilon,
          in: inner[index == 0 ? 1 : 0])
      )
    }
    stages = zip(widths, configuration.blockCounts).enumerated().map { index, sizes in
      (0..<sizes.1).map { ConvNeXtBlock(width: sizes.0, in: features[2 * index + 1][$0]) }
    }
    let width = widths[widths.count - 1]
    norm = LayerNorm(
      channelCount: width, epsilon: Self.epsilon, in: scope["classifier"][0])
    classifier = Linear(
      inputSize: width, outputSize: configuration.classCount, initializer: frozenInitializer,
      in: scope["classifier"][2])
  }

  /// The logits of images.
  ///
  /// - Parameter images: `[batch, height, width, 3]` in [0, 1].
  /// - Returns: `[batch, classCount]`.
  public func callAsFunction(_ images: Variable) -> Variable {
    var x = resize(
      ImageNormalization.imageNet(images), height: Self.inputSize, width: Self.inputSize,
      interpolation: .antialiasedLinear)
    for (index, (reduction, blocks)) in zip(reductions, stages).enumerated() {
      x =
        index == 0
        ? reduction.norm(reduction.convolution(x))
        : reduction.convolution(reduction.norm(x, isOperand: true))
      x = blocks.reduce(x) { $1($0) }
    }
    let mean = resize(x, height: 1, width: 1, interpolation: .area)
    return classifier(norm(reshape(mean, to: [x.shape[0], x.shape[3]]), isOperand: true))
  }
}

/// A block of ConvNeXt: x + γ·W₂·gelu(W₁·LN(depthwise 7×7 of x)), with an MLP four times as wide.
struct ConvNeXtBlock {
  private let depthwiseWeight: Parameter
  private let depthwiseBias: Parameter
  private let norm: LayerNorm
  private let expansion: Linear
  private let contraction: Linear
  private let layerScale: Parameter

  init(width: Int, in scope: ParameterScope) {
    let block = scope["block"]
    // A depthwise convolution does not round its operands.
    depthwiseWeight = block[0].parameter(
      "weight", [width, 7, 7, 1], frozenInitializer, layout: .convolution)
    depthwiseBias = block[0].parameter("bias", [width], .constant(0))
    norm = LayerNorm(channelCount: width, epsilon: ConvNeXt.epsilon, in: block[2])
    expansion = Linear(
      inputSize: width, outputSize: 4 * width, initializer: frozenInitializer, in: block[3])
    contraction = Linear(
      inputSize: 4 * width, outputSize: width, initializer: frozenInitializer, in: block[5])
    layerScale = scope.parameter(
      "layer_scale", [width], .constant(1), layout: .same(shape: [width, 1, 1]))
  }

  func callAsFunction(_ x: Variable) -> Variable {
    x.tape.recomputing(x) { x in
      let tape = x.tape
      let spread = depthwiseConvolution(
        x, weight: tape[depthwiseWeight], bias: tape[depthwiseBias])
      let hidden = expansion.gelu(norm(spread, isOperand: true))
      return residual(x, contraction(hidden, isOperand: true), scale: tape[layerScale])
    }
  }
}

extension FrozenNetwork<ConvNeXt> {
  /// Reads a ConvNeXt of four stages, whose sizes are those of the file's shapes.
  ///
  /// - Parameters:
  ///   - file: A file in torchvision's naming.
  ///   - operandType: The operand type of the tapes that it will be used on.
  /// - Throws: What reading any network throws.
  public init(convNeXt file: WeightsFile, operandType: ElementType) throws {
    let shapes = FileShapes(of: file)
    var sizes = ConvNeXt.Configuration()
    for index in sizes.widths.indices {
      let stage = "features.\(2 * index + 1)."
      sizes.widths[index] =
        shapes.size("\(stage)0.block.0.weight", axis: 0, of: 4) ?? sizes.widths[index]
      sizes.blockCounts[index] = shapes.count(after: stage) ?? sizes.blockCounts[index]
    }
    sizes.classCount = shapes.size("classifier.2.bias", axis: 0, of: 1) ?? sizes.classCount
    let configuration = sizes
    try self.init(file, operandType: operandType) { ConvNeXt(configuration, in: $0) }
  }
}

/// The mean squared difference of two batches of logits.
///
///     loss = scale · Σ (a − b)² / classCount
///
/// Source: Docs/Networks.md, section 2.
///
/// - Parameters:
///   - a: `[batch, classCount]`.
///   - b: Shaped like `a`.
///   - scale: For a mean, one over the global number of images.
/// - Returns: The loss, a single number.
public func logitLoss(_ a: Variable, _ b: Variable, scale: Float) -> Variable {
  squaredError(a, b, scale: scale / Float(a.value.lastDimension))
}
