import ArrayFiles
import Checkpoints
import FeatureNetworks
import Tensors

/// Small frozen networks of random weights in the published names, for runs of the whole recipe on images of
/// 32x32 pixels (`Configs/smoke/recipe.yaml` names these files) and for evaluations.
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
  try write(
    "alexnet",
    FrozenNetwork(seed: 5, operandType: .float32) {
      PerceptualNetwork(.alexNet, widths: widths, in: $0)
    })
  try write("inception", randomInception())
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

/// An Inception-v3 of eight channels a unit, whose features neither fade nor grow from block to block.
private func randomInception() -> FrozenNetwork<Inception> {
  let frozen = FrozenNetwork<Inception>(seed: 6, operandType: .float32) {
    Inception(classCount: 30, width: { _ in 8 }, in: $0)
  }
  for parameter in frozen.arena.parameters where parameter.shape.count > 1 {
    let weights = parameter.value.array(of: Float.self)
    let size = weights.reduce(0) { $0 + $1 * $1 } / Float(parameter.shape[0])
    // Logits that tell classes apart.
    let power: Float = parameter.shape.count == 2 ? 400 : 2
    parameter.assign(
      Tensor(weights.map { $0 * (power / size).squareRoot() }, shape: parameter.shape))
  }
  return frozen
}
