public import ArrayFiles

extension VisionTransformer.Configuration {
  /// The sizes of the network in a file.
  ///
  /// - Parameters:
  ///   - file: A file in the published naming; where it does not tell a size, the published one counts, so
  ///     that what is missing can be listed.
  ///   - architecture: What is in it.
  ///   - headCount: Number of heads; nil for heads of 64 channels.
  /// - Throws: `ArrayFileError` when the width cannot be cut into such heads.
  public init(
    of file: WeightsFile, _ architecture: VisionTransformerArchitecture, headCount: Int? = nil
  ) throws {
    let shapes = FileShapes(of: file)
    let patches = "patch_embed.proj.weight"
    let width =
      shapes.size(patches, axis: 0, of: 4) ?? shapes.size("norm.weight", axis: 0, of: 1)
    let registerCount: Int? =
      switch architecture {
      case .dinov3: shapes.size("reg_token", axis: 1, of: 3)
      case .dinov2: shapes.has("reg_token") ? shapes.size("reg_token", axis: 1, of: 3) ?? 1 : 0
      case .dino, .mae, .clip, .siglip2: 0
      }
    self.init(
      architecture, width: width, blockCount: shapes.count(after: "blocks."), headCount: headCount,
      patchSize: shapes.size(patches, axis: 3, of: 4, largest: 256), registerCount: registerCount,
      hasQueryValueBiases: architecture == .dinov3 && shapes.has("blocks.0.attn.q_bias"))
    if architecture.hasLearnedPositions,
      let count = shapes.size("pos_embed", axis: 1, of: 3, largest: 1 << 20)
    {
      positionGridSize = max(1, Int(Double(count).squareRoot()))
    }
    try checkHeads(path: file.path)
  }

  private func checkHeads(path: String) throws {
    // A head is cut into pairs of channels, with rotary positions into pairs for rows and columns.
    let unit = architecture.hasLearnedPositions ? 2 : 4
    guard headCount > 0, width % (unit * headCount) == 0 else {
      throw ArrayFileError(
        file: path, array: "patch_embed.proj.weight",
        problem: "\(width) channels cannot be cut into \(headCount) heads of a multiple of \(unit)",
        advice: "Check that the file is of the network expected; published ones have heads of 64.")
    }
  }
}
