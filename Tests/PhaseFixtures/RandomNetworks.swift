import ArrayFiles
import Checkpoints
import FeatureNetworks

/// Small frozen networks of random weights in the published names, for runs of the whole recipe on images of
/// 32x32 pixels: `Configs/smoke/recipe.yaml` names these files.
///
/// - Parameter folder: Where the files go; made if it is not there.
/// - Throws: `FileError`.
public func writeRandomNetworks(in folder: String) throws {
  try FileSystem.createDirectory(folder)
  func write<Network>(_ name: String, _ network: FrozenNetwork<Network>) throws {
    let arena = network.arena
    try PublishedWeights.write(
      arena.values, layouts: ParameterLayout.layouts(of: arena),
      to: SystemPath.path(of: name + ".safetensors", in: folder))
  }
  let widths = [8, 8, 16, 16, 16]
  try write(
    "vgg16",
    FrozenNetwork(seed: 1, operandType: .float32) {
      PerceptualNetwork(.vgg16, widths: widths, in: $0)
    })
  try write(
    "lpips",
    FrozenNetwork(seed: 2, operandType: .float32) { PerceptualWeights(widths: widths, in: $0) })
  let dino = VisionTransformer.Configuration(
    .dino, width: 64, patchSize: 8, positionGridSize: 4)
  try write(
    "dino", FrozenNetwork(seed: 3, operandType: .float32) { VisionTransformer(dino, in: $0) })
  let foundation = VisionTransformer.Configuration(
    .dinov3, width: 64, blockCount: 2, patchSize: 4)
  try write(
    "foundation",
    FrozenNetwork(seed: 4, operandType: .float32) { VisionTransformer(foundation, in: $0) })
}
