public import Autodiff
import Layers

/// The discriminator that judges patches of images as they are.
///
///     x ← leaky ReLU(5×5 convolution(x))
///     for each stage: x ← leaky ReLU(group norm(blur(3×3 convolution(x))))
///     logits = 5×5 convolution(leaky ReLU(1×1 convolution(adaptive maxima(x))))
///
/// Source: Isola et al. 2017, section 3.2; Zhang 2019 (blur); Docs/Discriminators.md, section 2.
public struct PatchDiscriminator {
  /// Sizes of the discriminator.
  public struct Configuration: Sendable, Equatable {
    /// Channels of the first map and of the first stage; every further stage doubles them.
    public var width: Int
    /// Number of stages, each of which halves the map.
    public var stageCount: Int
    /// Groups of channels of a norm.
    public var groupCount: Int
    /// Rows and columns of the logits.
    public var gridSize: Int

    /// The published sizes, unless told otherwise.
    public init(width: Int = 128, stageCount: Int = 3, groupCount: Int = 32, gridSize: Int = 16) {
      self.width = width
      self.stageCount = stageCount
      self.groupCount = groupCount
      self.gridSize = gridSize
    }
  }

  /// The sizes.
  public let configuration: Configuration
  private let input: Convolution
  private let stages: [(convolution: Convolution, norm: GroupNorm)]
  private let hidden: Convolution
  private let logits: Convolution
  private static let slope: Float = 0.1

  /// Creates the parameters under their published names in a scope.
  public init(_ configuration: Configuration, in scope: ParameterScope) {
    self.configuration = configuration
    let widths = (0..<configuration.stageCount).map { configuration.width << $0 }
    let inputs = [configuration.width] + widths
    let top = inputs[configuration.stageCount]
    input = Self.convolution(3, configuration.width, 5, scope["block_in"][0])
    stages = zip(inputs, widths).enumerated().map { index, widths in
      let stage = scope["blocks"][index]
      return (
        Self.convolution(widths.0, widths.1, 3, stage[0]),
        GroupNorm(
          channelCount: widths.1, groupCount: configuration.groupCount, epsilon: 1e-5,
          activation: .identity, in: stage[2])
      )
    }
    hidden = Self.convolution(top, top, 1, scope["to_logits"][0])
    logits = Self.convolution(top, 1, 5, scope["to_logits"][2])
  }

  private static func convolution(
    _ inputCount: Int, _ outputCount: Int, _ kernelSize: Int, _ scope: ParameterScope
  ) -> Convolution {
    let uniform = Initializer.fanIn(inputCount * kernelSize * kernelSize)
    return Convolution(
      inputCount: inputCount, outputCount: outputCount, kernelSize: kernelSize, hasBias: true,
      initializer: uniform, biasInitializer: uniform, in: scope)
  }

  /// The logits of images.
  ///
  /// With `recompute: blocks` a stage keeps just its input.
  ///
  /// - Parameter images: `[batch, height, width, 3]` in [0, 1], of any size.
  /// - Returns: `[batch, gridSize * gridSize]`, row by row.
  public func callAsFunction(_ images: Variable) -> Variable {
    let slope = Self.slope
    var x = leakyReLU(input(images), slope: slope)
    for (convolution, norm) in stages {
      x = x.tape.recomputing(x) { leakyReLU(norm(blur(convolution($0))), slope: slope) }
    }
    let size = configuration.gridSize
    let pooled = adaptiveMaxPool(x, height: size, width: size)
    let y = logits(leakyReLU(hidden(pooled), slope: slope))
    return reshape(y, to: [images.shape[0], size * size])
  }
}
