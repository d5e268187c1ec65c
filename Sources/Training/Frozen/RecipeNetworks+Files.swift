import ArrayFiles
package import Configurations
import Discriminators
import FeatureNetworks
import Tensors

extension RecipeNetworks {
  /// Opens and checks every file that a configuration names, and reads all but the discriminator's, which is
  /// read again when it begins.
  ///
  /// - Throws: `WeightMismatch`, `NotFiniteWeights`, `ArrayFileError`, `SizeError` or `FileError` for a file
  ///   that is not what its key says; `ConfigurationError` for one that does not fit the model.
  package init(_ configuration: TokenizerRunConfiguration) throws {
    self.init()
    let (losses, operandType) = (configuration.losses, configuration.training.precision.operandType)
    if let lpips = losses.perceptual?.lpips { try open(lpips, operandType) }
    if let convNeXt = losses.perceptual?.convNeXt, let path = convNeXt.network {
      self.convNeXt = try FrozenNetwork(
        convNeXt: try file(path, "losses.perceptual.convnext_s.network"), operandType: operandType)
    }
    if let adversarial = losses.adversarial { try open(adversarial, operandType) }
    if let alignment = losses.alignment, let path = alignment.file {
      try open(alignment, path, configuration)
    }
  }

  private mutating func file(_ path: String, _ key: String) throws -> WeightsFile {
    let file = try WeightsFile(contentsOf: path)
    files.append(File(key: key, path: path, digest: try file.digest()))
    return file
  }

  private mutating func open(
    _ lpips: TokenizerRunConfiguration.Perceptual.LPIPS, _ operandType: ElementType
  ) throws {
    guard let path = lpips.network, let linear = lpips.linear else { return }
    let network = try FrozenNetwork(
      perceptual: try file(path, "losses.perceptual.lpips.network"), .vgg16,
      operandType: operandType)
    let weights = try FrozenNetwork(
      perceptualWeights: try file(linear, "losses.perceptual.lpips.linear"),
      widths: network.network.widths, operandType: operandType)
    self.lpips = PerceptualDistance(network: network, weights: weights)
  }

  /// The whole file is read once, so that what is wrong with it is known before the first step; what is
  /// kept are its sizes and its digest.
  private mutating func open(
    _ adversarial: TokenizerRunConfiguration.Adversarial, _ operandType: ElementType
  ) throws {
    guard adversarial.discriminator == .dino, let path = adversarial.backbone else { return }
    let file = try file(path, "losses.adversarial.backbone")
    let sizes = try VisionTransformer.Configuration(of: file, .dino)
    _ = try FrozenNetwork(file, sizes, operandType: operandType)
    let digest = files[files.count - 1].digest
    let late = LateNetwork(path: path) {
      let file = try WeightsFile(contentsOf: path)
      guard try file.digest() == digest else {
        throw ArrayFileError(
          file: path, problem: "it is not the file any more that it was when the run started",
          advice: "Put it back, or start the run again: it goes on from its last checkpoint.")
      }
      return try FrozenNetwork(file, sizes, operandType: operandType)
    }
    backbone = Backbone(late, sizes: sizes, heads: DinoHeads.Configuration(width: sizes.width))
  }

  private mutating func open(
    _ alignment: TokenizerRunConfiguration.Alignment, _ path: String,
    _ configuration: TokenizerRunConfiguration
  ) throws {
    let file = try file(path, "losses.alignment.file")
    let sizes = try VisionTransformer.Configuration(of: file, alignment.network.network)
    let network = try FrozenNetwork(
      file, sizes, operandType: configuration.training.precision.operandType)
    let problems = alignment.problems(with: sizes, configuration.model)
    guard problems.isEmpty else { throw ConfigurationError(file: path, problems: problems) }
    foundation = network
  }
}
