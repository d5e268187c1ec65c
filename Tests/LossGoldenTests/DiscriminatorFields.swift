import Discriminators
import FeatureNetworks

/// The configuration of the `dino` discriminator in the field names of the PyTorch program.
struct DinoFields: Decodable {
  var backbone: VisionTransformerFields
  var taps: [Int]
  var kernel: Int
  var group: Int
  var eps: Float

  var configuration: DinoHeads.Configuration {
    DinoHeads.Configuration(
      width: backbone.width, blocks: taps, kernelSize: kernel,
      grouping: SampleGrouping(largestSize: group), epsilon: eps)
  }
}

/// The configuration of the `patchgan` discriminator in the field names of the PyTorch program.
struct PatchFields: Decodable {
  var channels: Int
  var stages: Int
  var normGroups: Int
  var pool: Int

  var configuration: PatchDiscriminator.Configuration {
    PatchDiscriminator.Configuration(
      width: channels, stageCount: stages, groupCount: normGroups, gridSize: pool)
  }
}
