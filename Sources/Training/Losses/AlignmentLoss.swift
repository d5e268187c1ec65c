import Autodiff
import Configurations
import DataParallel
import FeatureNetworks
import ResidualTokenizer

/// The alignment of encoder and decoder with the features of a foundation model.
///
/// Source: Docs/Networks.md, section 4; Docs/Training.md, section 1.
struct AlignmentLoss: LossTerm {
  private let alignment: TokenizerRunConfiguration.Alignment
  private let foundation: FrozenNetwork<VisionTransformer>

  /// The loss; nil without a foundation model, or where both parts are off.
  init?(
    _ alignment: TokenizerRunConfiguration.Alignment?,
    _ foundation: FrozenNetwork<VisionTransformer>?
  ) {
    guard let alignment, let foundation,
      alignment.isWeighted
    else { return nil }
    self.alignment = alignment
    self.foundation = foundation
  }

  var alignedFeatures: ResTok.AlignedFeatures {
    var features: ResTok.AlignedFeatures = []
    if alignment.encoder.weight > 0 { features.insert(.encoder) }
    if alignment.decoder.weight > 0 { features.insert(.decoder) }
    return features
  }

  /// The foundation model sees the images, and there is no way back.
  func operationCount(inStep step: Int, imageSize size: Int) -> Int {
    foundation.network.configuration.forwardOperationCount(height: size, width: size)
  }

  func losses(on pass: TokenizerPass) -> [WeightedLoss] {
    let features = foundation.network.features(
      of: Variable(constant: pass.images, on: pass.tape))
    let count = pass.globalSampleCount
    var losses: [WeightedLoss] = []
    if let projected = pass.output.encoderAlignment, alignment.encoder.weight > 0 {
      losses.append(
        loss("encoder", projected, features.classFeature, alignment.encoder, count, pass))
    }
    if let projected = pass.output.decoderAlignment, alignment.decoder.weight > 0 {
      losses.append(
        loss(
          "decoder", projected, features.patchFeatures, alignment.decoder,
          count * projected.shape[1], pass))
    }
    return losses
  }

  /// A part: the mean over the features of the step's samples.
  private func loss(
    _ name: String, _ projected: Variable, _ target: Variable,
    _ part: TokenizerRunConfiguration.Alignment.Part, _ featureCount: Int, _ pass: TokenizerPass
  ) -> WeightedLoss {
    let (loss, cosine) = alignmentLoss(
      projected, target, margin: part.margin, scale: 1 / Float(featureCount))
    return WeightedLoss(
      name: "alignment_\(name)", value: loss, weight: part.weight,
      metrics: [Metric("alignment_\(name)_cosine", cosine * Double(pass.share))])
  }
}
