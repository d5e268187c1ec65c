import ArrayFiles
import Configurations
import Discriminators
import FeatureNetworks
import GoldenFields
import TestSupport
import Testing
import Training

/// The whole recipe's configuration in the field names of the PyTorch program.
struct RecipeFields: Decodable {
  var tokenizer: TokenizerFields
  var lpips: PerceptualFields
  var discriminator: String
  var dino: DinoFields
  var patchgan: PatchFields
  var foundation: VisionTransformerFields
  var reconstructionWeight: Float
  var perceptualWeight: Float
  var quantizerWeight: Float
  var ganWeight: Float
  var lecamWeight: Float
  var lecamDecay: Double
  var encoderWeight: Float
  var decoderWeight: Float
  var encoderMargin: Float
  var decoderMargin: Float
  var discriminatorStart: Int
  var learningRate: Double
  var endRate: Double
  var discriminatorRate: Double
  var warmupSteps: Int
  var maxSteps: Int
  var beta1: Double
  var beta2: Double
  var epsilon: Double
  var weightDecay: Double
  var gradientNorm: Double
  var emaDecay: Double
  /// Parameters whose gradients are nothing but rounding.
  var undetermined: [String]

  /// The same configuration here, for one lane of some samples.
  func configuration(sampleCount: Int) throws -> TokenizerRunConfiguration {
    var configuration = try TokenizerRunConfiguration(
      yaml: try Repository.text(of: "Configs/smoke/tokenizer.yaml"),
      overrides: [
        "steps=\(maxSteps)", "batch.lanes=1", "batch.per_lane=1", "precision=float32",
        "ema.decay=\(emaDecay)",
        "schedule={kind: cosine, warmup: \(warmupSteps), end_rate: \(endRate)}",
        """
        optimizer={rate: \(learningRate), betas: [\(beta1), \(beta2)], epsilon: \(epsilon), \
        weight_decay: \(weightDecay), clip: \(gradientNorm)}
        """,
        "losses.reconstruction={kind: l2, weight: \(reconstructionWeight)}",
        "losses.perceptual={weight: \(perceptualWeight), lpips: {network: a, linear: b}}",
        """
        losses.adversarial={discriminator: \(discriminator), backbone: c, weight: \(ganWeight), \
        lecam: \(lecamWeight), lecam_decay: \(lecamDecay), \
        start: \(discriminatorStart), rate: \(discriminatorRate)}
        """,
        """
        losses.alignment={network: \(foundation.kind), file: d, width: 64, \
        encoder: {weight: \(encoderWeight), margin: \(encoderMargin)}, \
        decoder: {weight: \(decoderWeight), margin: \(decoderMargin)}}
        """,
      ])
    // Groups of the case's size, not the published one, say what a lane may have.
    configuration.training.batch.sampleCountPerLane = sampleCount
    configuration.model = tokenizer.configuration
    // So do its heads and its input.
    configuration.losses.alignment?.width = foundation.width
    configuration.losses.adversarial?.inputSize = dino.backbone.inputSize
    #expect(quantizerWeight == 1)
    return configuration
  }

  /// The frozen networks of a case.
  func networks(_ file: SafetensorsFile) throws -> RecipeNetworks {
    var networks = RecipeNetworks()
    networks.lpips = try lpips.distance(file.weights(after: "frozen.lpips."))
    let teacher = try file.weights(after: "frozen.foundation.")
    networks.foundation = try FrozenNetwork(
      teacher, try foundation.configuration(of: teacher), operandType: .float32)
    if discriminator == "dino" {
      let weights = try file.weights(after: "frozen.dino.")
      let sizes = try dino.backbone.configuration(of: weights)
      networks.backbone = RecipeNetworks.Backbone(
        LateNetwork(try FrozenNetwork(weights, sizes, operandType: .float32)), sizes: sizes,
        heads: dino.configuration)
    }
    networks.patches = patchgan.configuration
    return networks
  }
}
