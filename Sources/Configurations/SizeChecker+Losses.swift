import Discriminators
import ResidualTokenizer

extension SizeChecker {
  /// Checks the losses against the model, the batch and the steps; what only files tell is checked when they
  /// are opened.
  func check(
    _ losses: TokenizerRunConfiguration.Losses, in configuration: TokenizerRunConfiguration
  ) {
    let size = configuration.model.imageSize
    if let perceptual = losses.perceptual {
      check(["losses.perceptual"]) {
        perceptual.lpips != nil || perceptual.convNeXt != nil
      } _: {
        "it has no part: add losses.perceptual.lpips or losses.perceptual.convnext_s, or remove it"
      }
      check(["losses.perceptual.lpips", "model.image_size"]) {
        perceptual.lpips == nil || size >= 16
      } _: {
        "VGG-16 halves images four times, and those of model.image_size have \(size) pixels a side: take "
          + "images of at least 16, or lpips: none"
      }
    }
    if let adversarial = losses.adversarial { check(adversarial, in: configuration) }
    if let alignment = losses.alignment {
      check(["losses.alignment.width"]) {
        alignment.width % 64 == 0
      } _: {
        "\(alignment.width) channels cannot be cut into heads of 64, which every foundation model has: take the "
          + "width of the file's features"
      }
    }
  }

  private func check(
    _ adversarial: TokenizerRunConfiguration.Adversarial,
    in configuration: TokenizerRunConfiguration
  ) {
    let training = configuration.training
    check(["losses.adversarial.start", "steps"]) {
      !adversarial.isNamed || adversarial.start < training.stepCount
    } _: {
      "the discriminator would begin in step \(adversarial.start) of a run of \(training.stepCount) "
        + "(steps): take an earlier one, or adversarial: none"
    }
    check(["losses.adversarial.input_size"]) {
      adversarial.inputSize % 8 == 0
    } _: {
      "DINO's input is cut into patches of 8 or 16 pixels, and \(adversarial.inputSize) is no multiple of 8: take "
        + "positions of the file times its patch size, 224 for the published one"
    }
    let (count, grouping) = (training.batch.sampleCountPerLane, SampleGrouping())
    check(["batch.per_lane", "losses.adversarial.discriminator"]) {
      adversarial.discriminator != .dino || !adversarial.isNamed
        || grouping.groupCount(sampleCount: count) != nil
    } _: {
      "the dino discriminator takes statistics of as few equal groups of at most "
        + "\(grouping.largestSize) samples as a lane can have, and \(count) cannot be cut into "
        + "\((count + grouping.largestSize - 1) / grouping.largestSize): take a multiple of "
        + "\(grouping.largestSize), or at most that"
    }
  }
}
