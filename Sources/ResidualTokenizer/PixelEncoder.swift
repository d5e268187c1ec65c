import Autodiff
import Layers

/// The convolutional encoder: normalised pixels to features.
///
/// `[batch, size, size, 3]` → `[batch, grid, grid, featureCount]`, with the image halved between
/// consecutive stages. Source: Docs/Method.md, section 2.
struct PixelEncoder {
  private let convolutionIn: Convolution
  private let stages: [ResidualStage]
  private let middle: ResidualStage
  private let normOut: GroupNorm
  private let projectionOut: Linear

  init(_ sizes: ResTok.Configuration.CNN, in scope: ParameterScope) {
    let widths = [sizes.width] + sizes.multipliers.map { sizes.width * $0 }
    let top = widths[widths.count - 1]
    convolutionIn = Convolution(
      inputCount: 3, outputCount: sizes.width, hasBias: false, initializer: tokenizerInitializer,
      in: scope["conv_in"])
    stages = sizes.multipliers.indices.map { index in
      ResidualStage(
        inputCount: widths[index], outputCount: widths[index + 1], blockCount: sizes.blockCount,
        groupCount: sizes.groupCount, in: scope["down"][index]["block"])
    }
    middle = ResidualStage(
      inputCount: top, outputCount: top, blockCount: sizes.blockCount,
      groupCount: sizes.groupCount, in: scope["mid"])
    normOut = GroupNorm(channelCount: top, groupCount: sizes.groupCount, in: scope["norm_out"])
    projectionOut = Linear(
      inputSize: top, outputSize: sizes.featureCount, initializer: tokenizerInitializer,
      isPublishedAsConvolution: true, in: scope["conv_out"])
  }

  func callAsFunction(_ images: Variable) -> Variable {
    var x = convolutionIn(images).observed(as: "pixel_encoder.conv_in")
    for (index, stage) in stages.enumerated() {
      x = stage(x).observed(as: "pixel_encoder.down.\(index)")
      if index + 1 < stages.count { x = averagePool2x2(x) }
    }
    return projectionOut(normOut(middle(x)))
  }
}
