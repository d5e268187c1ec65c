public import ArrayFiles
public import Autodiff
import Layers
import Tensors

/// Inception-v3 with TensorFlow's weights of 2015-12-05, whose features scores of images are made of.
///
/// Unlike torchvision's its average pools count only cells inside, and the last block takes maxima.
/// Source: Szegedy et al. 2016; the graph of Salimans et al. 2016 and Heusel et al. 2017; Docs/Networks.md, section 5.
public struct Inception {
  /// What is read of a batch.
  public struct Features {
    /// Means over the last map, `[batch, 2048]`.
    public let pool: Variable
    /// The first 7 channels of a map in the middle, `[batch, 17 · 17 · 7]`, row by row.
    public let spatial: Variable
    /// Logits without their bias, `[batch, 1008]`.
    public let logits: Variable
  }

  /// Where the parameters are; they do not keep it alive themselves.
  private let arena: ParameterArena
  private let stem: [InceptionUnit]
  private let blocks: [InceptionBlock]
  private let classifier: Linear

  /// Creates the parameters under their published names in a scope.
  ///
  /// - Parameters:
  ///   - classCount: Number of logits.
  ///   - width: Channels of a unit by its published name, such as `Mixed_5b.branch1x1`; the published ones
  ///     where it gives none.
  ///   - scope: Where the parameters are named.
  public init(
    classCount: Int = 1008, width: (_ unit: String) -> Int? = { _ in nil },
    in scope: ParameterScope
  ) {
    arena = scope.arena
    var inputCount = 3
    stem = InceptionArchitecture.stem.map { unit in
      let made = InceptionUnit(
        unit, inputCount: inputCount, outputCount: width(unit.name) ?? unit.width,
        in: scope[unit.name])
      inputCount = made.outputCount
      return made
    }
    blocks = InceptionArchitecture.blocks.map { block in
      let made = InceptionBlock(block, inputCount: inputCount, width: width, in: scope[block.name])
      inputCount = made.outputCount
      return made
    }
    classifier = Linear(
      inputSize: inputCount, outputSize: classCount, initializer: frozenInitializer,
      in: scope["fc"])
  }

  /// Channels of the map that the spatial features are the first of.
  var spatialWidth: Int {
    blocks.first { $0.name == InceptionArchitecture.spatialBlock }?.outputCount ?? 0
  }

  /// Means over the last map: numbers of a pooled feature.
  public var poolWidth: Int { classifier.weight.shape[1] }
  /// Number of logits.
  public var classCount: Int { classifier.weight.shape[0] }
  /// Numbers of a spatial feature: places of the map times the channels that are read.
  public static let spatialSize = 17 * 17 * InceptionArchitecture.spatialChannelCount

  /// Folds the norms into the weights; once, after they were read.
  func fold() {
    for unit in stem + blocks.flatMap(\.units) { unit.fold() }
  }

  /// The features of images.
  ///
  /// - Parameter input: What `InceptionInput` makes of images, `[batch, 299, 299, 3]`.
  /// - Returns: The features.
  public func callAsFunction(_ input: Variable) -> Features {
    var x = input
    for (index, unit) in stem.enumerated() {
      x = unit(x)
      if index == 2 || index == 4 { x = maxPool(x, kernelSize: 3, stride: 2) }
    }
    var spatial = x.observed(as: "stem")
    for block in blocks {
      x = block(x).observed(as: block.name)
      if block.name == InceptionArchitecture.spatialBlock { spatial = x }
    }
    let (batchCount, width) = (x.shape[0], x.shape[3])
    let pool = reshape(
      resize(x, height: 1, width: 1, interpolation: .area), to: [batchCount, width])
    return Features(
      pool: pool, spatial: firstChannels(of: spatial),
      logits: linear(pool, weight: pool.tape[classifier.weight]))
  }

  private func firstChannels(of x: Variable) -> Variable {
    let (cellCount, channelCount) = (x.shape[1] * x.shape[2], x.shape[3])
    let count = InceptionArchitecture.spatialChannelCount
    let rows = x.value.array(of: Float.self)
    var kept: [Float] = []
    kept.reserveCapacity(x.shape[0] * cellCount * count)
    for cell in 0..<x.shape[0] * cellCount {
      kept += rows[cell * channelCount..<cell * channelCount + count]
    }
    return Variable(
      constant: Tensor(kept, shape: [x.shape[0], cellCount * count]), on: x.tape)
  }
}

extension FrozenNetwork<Inception> {
  /// Reads an Inception-v3, whose sizes are those of the file's shapes; in float32.
  ///
  /// - Parameter file: `pt_inception-2015-12-05-6726825d.pth`, with or without its counters of batches.
  /// - Throws: What reading any network throws.
  public init(inception file: WeightsFile) throws {
    let shapes = FileShapes(of: file)
    let classCount = shapes.size("fc.bias", axis: 0, of: 1)
    try self.init(
      file, operandType: .float32, ignoring: { $0.hasSuffix(".num_batches_tracked") }
    ) { scope in
      Inception(
        classCount: classCount ?? 1008,
        width: { shapes.size("\($0).conv.weight", axis: 0, of: 4) }, in: scope)
    }
    guard network.spatialWidth >= InceptionArchitecture.spatialChannelCount else {
      throw ArrayFileError(
        file: file.path, array: InceptionArchitecture.spatialBlock,
        problem: "its map has \(network.spatialWidth) channels, and the first "
          + "\(InceptionArchitecture.spatialChannelCount) are read",
        advice: "Name the file pt_inception-2015-12-05-6726825d.pth.")
    }
    network.fold()
    // A variance below 0 has no root.
    guard arena.values.isFinite else {
      throw ArrayFileError(
        file: file.path, array: "bn.running_var", problem: "a variance is negative",
        advice: "Name the file pt_inception-2015-12-05-6726825d.pth.")
    }
  }
}
