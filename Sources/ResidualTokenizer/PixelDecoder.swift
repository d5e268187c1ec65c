import Autodiff
import Layers

/// The convolutional decoder: features to pixels, without a clamp.
///
/// `[batch, grid, grid, featureCount]` → `[batch, size, size, 3]`.
/// Source: Docs/Method.md, section 2.
struct PixelDecoder {
  private let convolutionIn: Convolution
  private let middle: ResidualStage
  private let stages: [(blocks: ResidualStage, upsample: Convolution?)]
  private let normOut: GroupNorm
  private let convolutionOut: Convolution

  init(_ sizes: ResTok.Configuration.CNN, in scope: ParameterScope) {
    let widths = sizes.multipliers.map { sizes.width * $0 }
    let top = widths[widths.count - 1]
    convolutionIn = Convolution(
      inputCount: sizes.featureCount, outputCount: top, hasBias: true,
      initializer: tokenizerInitializer, in: scope["conv_in"])
    middle = ResidualStage(
      inputCount: top, outputCount: top, blockCount: sizes.blockCount,
      groupCount: sizes.groupCount, in: scope["mid"])
    stages = widths.indices.map { index in
      let stageScope = scope["up"][index]
      let blocks = ResidualStage(
        inputCount: widths[min(index + 1, widths.count - 1)], outputCount: widths[index],
        blockCount: sizes.blockCount, groupCount: sizes.groupCount, in: stageScope["block"])
      guard index > 0 else { return (blocks, nil) }
      return (
        blocks,
        Convolution(
          inputCount: widths[index], outputCount: widths[index], hasBias: true,
          initializer: tokenizerInitializer, in: stageScope["upsample_conv"])
      )
    }
    normOut = GroupNorm(
      channelCount: widths[0], groupCount: sizes.groupCount, in: scope["norm_out"])
    convolutionOut = Convolution(
      inputCount: widths[0], outputCount: 3, hasBias: true, initializer: tokenizerInitializer,
      in: scope["conv_out"])
  }

  func callAsFunction(_ features: Variable) -> Variable {
    var x = middle(convolutionIn(features).observed(as: "pixel_decoder.conv_in"))
    for stage in stages.reversed() {
      x = stage.blocks(x)
      if let upsample = stage.upsample { x = upsample(upsampleNearest2x(x)) }
    }
    return convolutionOut(normOut(x))
  }
}
