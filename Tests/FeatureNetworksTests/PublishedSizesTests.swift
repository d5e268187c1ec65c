import Autodiff
import FeatureNetworks
import TestSupport
import Testing

/// Names, shapes and numbers of weights of the published networks at full size; nothing is allocated.
@Suite struct PublishedSizesTests {
  private static func transformer(_ configuration: VisionTransformer.Configuration) -> ShapedFile {
    ShapedFile { _ = VisionTransformer(configuration, in: $0) }
  }

  private static func weightCount(_ file: ShapedFile) -> Int {
    file.file.tensors.reduce(0) { $0 + $1.elementCount }
  }

  @Test(
    arguments: [
      (VisionTransformer.Configuration(.dino), 21_665_664),
      (VisionTransformer.Configuration(.dinov3), 303_079_424),
      (VisionTransformer.Configuration(.dinov2, width: 768, blockCount: 12), 86_579_712),
      (VisionTransformer.Configuration(.dinov2), 304_367_616),
      (VisionTransformer.Configuration(.mae), 303_301_632),
      (VisionTransformer.Configuration(.clip), 303_179_776),
      (VisionTransformer.Configuration(.siglip2), 303_361_024),
    ])
  func transformersHaveTheirPublishedWeights(
    configuration: VisionTransformer.Configuration, weightCount: Int
  ) throws {
    let file = Self.transformer(configuration)
    #expect(Self.weightCount(file) == weightCount)
    // What the shapes and the architecture tell is all that there is to know.
    #expect(
      try VisionTransformer.Configuration(of: file.file, configuration.architecture)
        == configuration)
    #expect(configuration.headCount == configuration.width / 64)
  }

  @Test func classifiersHaveTheirPublishedWeights() {
    for (architecture, weightCount) in [
      (PerceptualArchitecture.vgg16, 14_714_688), (.alexNet, 2_469_696),
    ] {
      let file = ShapedFile { _ = PerceptualNetwork(architecture, in: $0) }
      #expect(Self.weightCount(file) == weightCount)
    }
    let file = ShapedFile { _ = ConvNeXt(ConvNeXt.Configuration(), in: $0) }
    #expect(Self.weightCount(file) == 50_223_688)
    #expect(file["features.5.26.block.0.weight"] == [384, 1, 7, 7])
    #expect(file["features.5.26.layer_scale"] == [384, 1, 1])
    #expect(file["features.6.1.weight"] == [768, 384, 2, 2])
    #expect(file["classifier.2.weight"] == [1000, 768])
  }

  @Test func convolutionsHaveThePublishedNumbers() {
    let vgg = ShapedFile { _ = PerceptualNetwork(.vgg16, in: $0) }
    #expect(
      vgg.names.filter { $0.hasSuffix("weight") }
        == [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28].map { "features.\($0).weight" })
    #expect(vgg["features.10.weight"] == [256, 128, 3, 3])
    let alexNet = ShapedFile { _ = PerceptualNetwork(.alexNet, in: $0) }
    #expect(
      alexNet.names.filter { $0.hasSuffix("weight") }
        == [0, 3, 6, 8, 10].map { "features.\($0).weight" })
    #expect(alexNet["features.0.weight"] == [64, 3, 11, 11])
    let weights = ShapedFile { _ = PerceptualWeights(widths: [64, 128, 256, 512, 512], in: $0) }
    #expect(weights.names == (0..<5).map { "lin\($0).model.1.weight" })
    #expect(weights["lin2.model.1.weight"] == [1, 256, 1, 1])
  }

  /// Every name outside the blocks, and those of a block with their shapes.
  @Test func transformersHaveThePublishedNames() {
    func outside(_ file: ShapedFile) -> [String] {
      file.names.filter { !$0.hasPrefix("blocks.") && !$0.hasPrefix("norm.") }.sorted()
    }
    let patches = ["patch_embed.proj.bias", "patch_embed.proj.weight"]
    let expected: [(VisionTransformerArchitecture, [String], [Int]?)] = [
      (.dino, ["cls_token"] + patches + ["pos_embed"], [1, 197, 384]),
      (.dinov3, ["cls_token"] + patches + ["reg_token"], nil),
      (.dinov2, ["cls_token"] + patches + ["pos_embed"], [1, 1370, 1024]),
      (.mae, ["cls_token"] + patches + ["pos_embed"], [1, 197, 1024]),
      (
        .clip,
        ["cls_token", "norm_pre.bias", "norm_pre.weight", "patch_embed.proj.weight", "pos_embed"],
        [1, 257, 1024]
      ),
      (.siglip2, patches + ["pos_embed"], [1, 256, 1024]),
    ]
    for (architecture, names, positions) in expected {
      let file = Self.transformer(.init(architecture))
      #expect(outside(file) == names, "\(architecture)")
      #expect(file["pos_embed"] == positions, "\(architecture)")
      let width = architecture == .dino ? 384 : 1024
      let patchSize = [.dinov2, .clip].contains(architecture) ? 14 : 16
      #expect(file["patch_embed.proj.weight"] == [width, 3, patchSize, patchSize])
      #expect(file["blocks.3.attn.qkv.weight"] == [3 * width, width])
      #expect(file["blocks.3.attn.qkv.bias"] == (architecture == .dinov3 ? nil : [3 * width]))
      #expect(file["blocks.3.attn.proj.weight"] == [width, width])
      #expect(file["blocks.3.mlp.fc1.weight"] == [4 * width, width])
      #expect(file["blocks.3.mlp.fc2.bias"] == [width])
      #expect(file["blocks.3.norm2.bias"] == [width])
      #expect(file["blocks.3.gamma_2"] == (architecture == .dinov3 ? [width] : nil))
      #expect(file["blocks.3.ls1.gamma"] == (architecture == .dinov2 ? [width] : nil))
    }
    let biased = Self.transformer(.init(.dinov3, hasQueryValueBiases: true))
    #expect(biased["blocks.23.attn.q_bias"] == [1024])
    #expect(biased["blocks.23.attn.v_bias"] == [1024])
    #expect(biased["blocks.23.attn.k_bias"] == nil)
  }
}
