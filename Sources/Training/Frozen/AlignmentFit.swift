import Configurations
import FeatureNetworks
import ResidualTokenizer

extension TokenizerRunConfiguration.Alignment {
  /// What speaks against aligning a tokenizer with a foundation model of some sizes.
  func problems(with sizes: VisionTransformer.Configuration, _ model: ResTok.Configuration)
    -> [ConfigurationError.Problem]
  {
    var problems: [ConfigurationError.Problem] = []
    func add(_ key: String, _ message: String) {
      problems.append(.init(path: key, origin: .unknown, message: message))
    }
    if sizes.width != width {
      add(
        "losses.alignment.width",
        "the features of the file are \(sizes.width) wide, and this says \(width): set it to "
          + "\(sizes.width), or name another file")
    }
    let grid = sizes.grid(height: model.imageSize, width: model.imageSize)
    let size = sizes.inputSize ?? model.imageSize
    if size % sizes.patchSize != 0 || size < sizes.patchSize {
      add(
        "losses.alignment.file",
        "images of \(size) pixels cannot be cut into patches of \(sizes.patchSize): take a network of other "
          + "patches, or images of a multiple")
    } else if decoder.weight > 0, grid.rows != model.gridSize || grid.columns != model.gridSize {
      add(
        "losses.alignment.file",
        "patches of \(sizes.patchSize) pixels cut images of \(size) into \(grid.rows)x\(grid.columns), "
          + "and the decoder has \(model.gridSize)x\(model.gridSize) cells: take a network whose patches "
          + "are as large as the decoder's cells, or decoder.weight: 0")
    }
    return problems
  }
}
