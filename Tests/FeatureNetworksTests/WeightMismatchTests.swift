import ArrayFiles
import Autodiff
import Checkpoints
import FeatureNetworks
import TestSupport
import Testing

/// Files of weights that do not fit: everything that is wrong is listed, and no element is read.
@Suite struct WeightMismatchTests {
  private static let small = VisionTransformer.Configuration(
    .clip, width: 64, blockCount: 3, patchSize: 4, positionGridSize: 4)

  private static var file: ShapedFile { ShapedFile { _ = VisionTransformer(small, in: $0) } }

  private func listed(
    of file: ShapedFile, _ architecture: VisionTransformerArchitecture = .clip
  ) -> WeightMismatch? {
    #expect(throws: WeightMismatch.self) {
      _ = try FrozenNetwork(
        file.file, VisionTransformer.Configuration(of: file.file, architecture),
        operandType: .float32)
    }
  }

  @Test func everythingThatIsWrongIsListed() throws {
    var file = Self.file
    file["blocks.1.attn.qkv.bias"] = nil
    file["norm.weight"] = nil
    file["blocks.0.mlp.fc1.weight"] = [256, 65]
    file["cls_token"] = [1, 64]
    file["text.weight"] = [3]
    file["blocks.2.gamma_1"] = [64]
    file.setType("blocks.2.norm1.bias", .int64)
    // Heads and training tokens are passed over.
    file["head.weight"] = [7, 64]
    file["attn_pool.q.weight"] = [64]
    file["fc_norm.bias"] = [1]
    file["mask_token"] = [1, 64]
    let mismatch = try #require(listed(of: file))
    #expect(mismatch.missing.sorted() == ["blocks.1.attn.qkv.bias", "norm.weight"])
    #expect(mismatch.extra == ["blocks.2.gamma_1", "text.weight"])
    #expect(mismatch.shapes.map(\.name).sorted() == ["blocks.0.mlp.fc1.weight", "cls_token"])
    #expect(mismatch.elementTypes.map(\.name) == ["blocks.2.norm1.bias"])
    for text in ["norm.weight", "text.weight", "[256, 65]", "[256, 64]", "int64"] {
      #expect(mismatch.description.contains(text), "\(text)")
    }
  }

  /// Sizes that no network has come from the published one, so that their tensors are listed.
  @Test(
    arguments: [
      ("patch_embed.proj.weight", [1 << 40, 0, 4, 4]), ("patch_embed.proj.weight", [64, 3, 4, 0]),
      ("patch_embed.proj.weight", [64]), ("patch_embed.proj.weight", [-64, 3, 4, 4]),
      ("pos_embed", [1, 0, 64]), ("pos_embed", [1, 1 << 50, 0]), ("pos_embed", [1, 18, 64]),
    ])
  func sizesThatNoNetworkHasAreListed(name: String, shape: [Int]) throws {
    var file = Self.file
    file[name] = shape
    let mismatch = try #require(listed(of: file))
    #expect(mismatch.shapes.map(\.name).contains(name))
    #expect(mismatch.missing == [])
  }

  @Test(arguments: ["blocks.999999999999.norm1.bias", "blocks.99999999999999999999.norm1.bias"])
  func blocksThatAFileHasTooFewTensorsForAreExtra(name: String) throws {
    var file = Self.file
    file[name] = [64]
    let mismatch = try #require(listed(of: file))
    #expect(mismatch.extra == [name] && mismatch.missing == [] && mismatch.shapes == [])
  }

  @Test func anotherNetworkIsListedWhole() throws {
    let vgg = ShapedFile { _ = PerceptualNetwork(.vgg16, in: $0) }
    let mismatch = try #require(listed(of: vgg, .dinov3))
    #expect(mismatch.extra.count == 26)
    #expect(mismatch.missing.contains("blocks.23.gamma_2") && mismatch.shapes == [])
    #expect(throws: WeightMismatch.self) {
      _ = try FrozenNetwork(perceptual: Self.file.file, .vgg16, operandType: .float32)
    }
    #expect(throws: WeightMismatch.self) {
      _ = try FrozenNetwork(convNeXt: Self.file.file, operandType: .float32)
    }
  }

  /// A register's token belongs to networks that have them, and takes the class token's position away.
  @Test func registersAreThoseOfTheFile() throws {
    var file = ShapedFile {
      _ = VisionTransformer(
        .init(.dinov2, width: 64, blockCount: 1, patchSize: 4, positionGridSize: 4), in: $0)
    }
    file["reg_token"] = [1, 3, 64]
    #expect(try #require(listed(of: file, .dinov2)).shapes.map(\.name) == ["pos_embed"])
    file["pos_embed"] = [1, 16, 64]
    let configuration = try VisionTransformer.Configuration(of: file.file, .dinov2)
    #expect(configuration.registerCount == 3 && configuration.prefixCount == 4)
    file["reg_token"] = nil
    #expect(try #require(listed(of: file, .dinov2)).shapes.map(\.name) == ["pos_embed"])
  }

  /// Biases of queries and values are those of a file that has them, in every block.
  @Test func biasesOfQueriesAndValuesAreThoseOfTheFile() throws {
    let sizes = VisionTransformer.Configuration(
      .dinov3, width: 64, blockCount: 2, patchSize: 4, hasQueryValueBiases: true)
    var file = ShapedFile { _ = VisionTransformer(sizes, in: $0) }
    #expect(try VisionTransformer.Configuration(of: file.file, .dinov3) == sizes)
    file["blocks.1.attn.v_bias"] = nil
    #expect(try #require(listed(of: file, .dinov3)).missing == ["blocks.1.attn.v_bias"])
  }

  @Test(arguments: [0, -1, 5, 64])
  func headsThatDoNotDivideTheWidthAreRefused(headCount: Int) {
    #expect(throws: ArrayFileError.self) {
      _ = try VisionTransformer.Configuration(of: Self.file.file, .clip, headCount: headCount)
    }
  }

  /// No width below 64 channels has heads of that size.
  @Test func headsOfAWidthThatIsNotPublishedMustBeGiven() throws {
    let sizes = VisionTransformer.Configuration(
      .mae, width: 24, blockCount: 1, headCount: 3, patchSize: 4, positionGridSize: 2)
    let file = ShapedFile { _ = VisionTransformer(sizes, in: $0) }
    #expect(throws: ArrayFileError.self) {
      _ = try VisionTransformer.Configuration(of: file.file, .mae)
    }
    #expect(try VisionTransformer.Configuration(of: file.file, .mae, headCount: 3) == sizes)
  }
}
