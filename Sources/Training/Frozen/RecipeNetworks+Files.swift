import ArrayFiles
package import Configurations
import Discriminators
import FeatureNetworks
import Tensors

extension RecipeNetworks {
  /// Opens and checks every file that a configuration names, and reads all but the discriminator's, which is
  /// read again when it begins.
  ///
  /// - Throws: `NamedFileError` with every file that is not what its key says, or does not fit the model.
  package init(_ configuration: TokenizerRunConfiguration) throws {
    self.init()
    var reader = LossFileReader(operandType: configuration.training.precision.operandType)
    let losses = configuration.losses
    if let lpips = losses.perceptual?.lpips, let path = lpips.network, let linear = lpips.linear {
      self.lpips = reader.distance(network: path, linear: linear)
    }
    if let convNeXt = losses.perceptual?.convNeXt, let path = convNeXt.network {
      self.convNeXt = reader.read(path, "losses.perceptual.convnext_s.network", "ConvNeXt-S") {
        try FrozenNetwork(convNeXt: $0, operandType: $1)
      }
    }
    if let adversarial = losses.adversarial, adversarial.discriminator == .dino,
      let path = adversarial.backbone
    {
      backbone = reader.backbone(path, inputSize: adversarial.inputSize)
    }
    if let alignment = losses.alignment, alignment.isWeighted, let path = alignment.file {
      foundation = reader.foundation(path, alignment, configuration)
    }
    files = reader.files
    guard reader.problems.isEmpty else { throw NamedFileError(problems: reader.problems) }
  }
}

/// Reads the files of a configuration's losses one after the other, and goes on behind one that is of no use, so that
/// all of these are known.
private struct LossFileReader {
  let operandType: ElementType
  var files: [RecipeNetworks.File] = []
  var problems: [NamedFileError.Problem] = []

  /// What `body` makes of a file; nil after noting what is wrong with it.
  mutating func read<Result>(
    _ path: String, _ key: String, _ network: String,
    _ body: (WeightsFile, ElementType) throws -> Result
  ) -> Result? {
    do {
      let file = try WeightsFile(contentsOf: path)
      let result = try body(file, operandType)
      files.append(RecipeNetworks.File(key: key, path: path, digest: try file.digest()))
      return result
    } catch {
      problems.append(NamedFileError.Problem(key: key, content: network, error: error))
      return nil
    }
  }

  mutating func distance(network path: String, linear: String) -> PerceptualDistance? {
    let network = read(path, "losses.perceptual.lpips.network", "VGG-16") {
      try FrozenNetwork(perceptual: $0, .vgg16, operandType: $1)
    }
    let widths = network?.network.widths ?? PerceptualArchitecture.vgg16.publishedWidths
    let weights = read(linear, "losses.perceptual.lpips.linear", "LPIPS's linear layers for VGG-16")
    {
      try FrozenNetwork(perceptualWeights: $0, widths: widths, operandType: $1)
    }
    guard let network, let weights else { return nil }
    return PerceptualDistance(network: network, weights: weights)
  }

  /// The whole file is checked, so that what is wrong with it is known before the first step; what is kept are
  /// its sizes and its digest.
  mutating func backbone(_ path: String, inputSize: Int) -> RecipeNetworks.Backbone? {
    let key = "losses.adversarial.backbone"
    let sizes = read(path, key, Self.backboneName) { file, _ in
      let sizes = try VisionTransformer.Configuration(of: file, .dino)
      try FrozenNetwork.check(file, sizes)
      let positions = sizes.positionGridSize.map { $0 * sizes.patchSize }
      guard positions == nil || positions == inputSize else {
        throw ConfigurationError(
          file: path,
          problems: [
            .init(
              path: "losses.adversarial.input_size", origin: .unknown,
              message: "\(inputSize) pixels, where the file's positions are for \(positions ?? 0): "
                + "take that")
          ])
      }
      return sizes
    }
    guard let sizes, let digest = files.last?.digest else { return nil }
    let late = LateNetwork(path: path) { [operandType] in
      do {
        return try Self.load(path, digest: digest, sizes, operandType)
      } catch {
        throw NamedFileError(
          problems: [.init(key: key, content: Self.backboneName, error: error)])
      }
    }
    return RecipeNetworks.Backbone(
      late, sizes: sizes, heads: DinoHeads.Configuration(width: sizes.width))
  }

  private static let backboneName = "DINO ViT-S/16"

  /// The network of a file that was checked before.
  private static func load(
    _ path: String, digest: String, _ sizes: VisionTransformer.Configuration,
    _ operandType: ElementType
  ) throws -> FrozenNetwork<VisionTransformer> {
    let file = try WeightsFile(contentsOf: path)
    guard try file.digest() == digest else {
      throw ArrayFileError(
        file: path, problem: "it is not the file any more that it was when the run started",
        advice: "Put it back, and start the run again: it goes on from its last checkpoint.")
    }
    return try FrozenNetwork(file, sizes, operandType: operandType)
  }

  mutating func foundation(
    _ path: String, _ alignment: TokenizerRunConfiguration.Alignment,
    _ configuration: TokenizerRunConfiguration
  ) -> FrozenNetwork<VisionTransformer>? {
    read(path, "losses.alignment.file", alignment.network.rawValue) { file, type in
      let sizes = try VisionTransformer.Configuration(of: file, alignment.network.network)
      let network = try FrozenNetwork(file, sizes, operandType: type)
      let problems = alignment.problems(with: sizes, configuration.model)
      guard problems.isEmpty else { throw ConfigurationError(file: path, problems: problems) }
      return network
    }
  }
}
