import HierarchicalGenerator
import ResidualTokenizer

/// Checks of values against each other, each skipped when one of its values could not be read.
struct SizeChecker {
  let tree: ConfigurationTree
  let problems: ProblemCollector

  /// Reports a message at the first of the paths unless the condition holds.
  ///
  /// - Parameters:
  ///   - paths: The keys that the condition reads; the first one is to blame.
  ///   - condition: Evaluated only when all of the keys could be read.
  ///   - message: What does not fit, with the numbers, and what to do.
  func check(_ paths: [String], _ condition: () -> Bool, _ message: () -> String) {
    guard !problems.failed(anyOf: paths), !condition() else { return }
    problems.add(paths[0], origin(of: paths[0]), message())
  }

  private func origin(of path: String) -> ConfigurationError.Problem.Origin {
    var node = tree
    for key in path.split(separator: ".") {
      guard let next = node.entries?.last(where: { $0.key == key })?.value else { break }
      node = next
    }
    return node.origin
  }

  private func isPowerOfTwo(_ value: Int) -> Bool { value > 0 && value & (value - 1) == 0 }

  // MARK: Sections of both kinds

  func checkRun(_ settings: TrainingSettings) {
    let name = settings.run.name
    check(["run.name"]) {
      !name.contains("/") && name != "." && name != ".."
    } _: {
      "\"\(name)\" cannot be the name of a directory: leave out the slashes and put the parent "
        + "directory into run.output"
    }
    check(["wire", "reduction"]) {
      settings.execution.reduction == .canonical || settings.execution.wire == .float32
    } _: {
      "the MPI library's sum, reduction: fast, has no form of 16 bits: set wire=float32 or "
        + "reduction=canonical"
    }
  }

  // MARK: The tokenizer

  private func checkMagnitude(_ magnitude: ModelMagnitude) {
    check(["model"]) {
      magnitude.isWithinLimits
    } _: {
      magnitude.message
    }
  }

  func check(_ model: ResTok.Configuration) {
    checkMagnitude(ModelMagnitude(model))
    checkConvolutions(model)
    checkTransformer(model.encoder, "model.encoder", headDivisor: 4)
    checkTransformer(model.decoder, "model.decoder", headDivisor: 4)
    checkScales(model)
    check(["model.latents.count"]) {
      isPowerOfTwo(model.latents.count)
    } _: {
      "there is no level structure for \(model.latents.count) latent tokens: take a power of two "
        + "from 2 to 256"
    }
    check(["model.nested_dropout.least", "model.latents.count"]) {
      model.nestedDropout.least <= model.latents.count
    } _: {
      "the shortest prefix, \(model.nestedDropout.least), is longer than the "
        + "\(model.latents.count) latent tokens of model.latents.count"
    }
  }

  private func checkConvolutions(_ model: ResTok.Configuration) {
    let cnn = model.cnn
    let halvingCount = cnn.multipliers.count - 1
    check(["model.image_size", "model.cnn.multipliers"]) {
      halvingCount < 16 && model.imageSize % (1 << halvingCount) == 0
    } _: {
      "the image is halved \(halvingCount) times between the \(cnn.multipliers.count) stages of "
        + "model.cnn.multipliers, but \(model.imageSize) is not divisible by "
        + "2^\(halvingCount): change one of the two"
    }
    for (stage, multiplier) in ([1] + cnn.multipliers).enumerated() {
      let width = cnn.width * multiplier
      let paths = ["model.cnn.groups", "model.cnn.width", "model.cnn.multipliers"]
      check(paths) {
        width % cnn.groupCount == 0
      } _: {
        "\(cnn.groupCount) groups do not divide the \(width) channels of "
          + (stage == 0 ? "model.cnn.width" : "stage \(stage - 1) (width times multiplier)")
          + ": take a divisor"
      }
    }
  }

  private func checkScales(_ model: ResTok.Configuration) {
    let count = model.scales.count
    let layerCount = model.encoder.layerCount
    let sizes = ["model.scales.count", "model.image_size", "model.cnn.multipliers"]
    check(sizes) {
      let halvingCount = model.cnn.multipliers.count - 1
      guard halvingCount < 16, model.imageSize % (1 << halvingCount) == 0 else { return true }
      return model.gridSize % (1 << (count - 1)) == 0
    } _: {
      "\(count) scales halve the columns of the feature grid \(count - 1) times, but its "
        + "\(model.gridSize) columns (image size over 2^(stages - 1)) are not divisible by "
        + "\(1 << (count - 1)): take fewer scales"
    }
    check(["model.scales.count", "model.encoder.layers"]) {
      // Scale i is merged in block i * layers / count - 1; the blocks have to exist and differ.
      let blocks = (1..<max(count, 1)).map {
        Int(Double($0) / Double(count) * Double(layerCount)) - 1
      }
      return Set(blocks).count == blocks.count && blocks.allSatisfy { $0 >= 0 }
    } _: {
      "\(count) scales need \(count - 1) different blocks to merge in, and "
        + "model.encoder.layers has \(layerCount): take at least \(count) layers or fewer scales"
    }
  }

  private func checkTransformer(
    _ size: ResTok.Configuration.Transformer, _ path: String, headDivisor: Int
  ) {
    checkHeads(
      width: size.width, headCount: size.headCount, path: path, divisor: headDivisor,
      reason: "rows and columns turn half of the pairs each")
  }

  private func checkHeads(
    width: Int, headCount: Int, path: String, divisor: Int, reason: String
  ) {
    check(["\(path).heads", "\(path).width"]) {
      width % headCount == 0
    } _: {
      "\(headCount) heads do not divide the width \(width) of \(path).width: take a divisor"
    }
    check(["\(path).heads", "\(path).width"]) {
      width % headCount != 0 || width / headCount % divisor == 0
    } _: {
      "a head is \(width / headCount) wide (\(path).width \(width) over \(headCount) heads), but "
        + "the rotary positions need a multiple of \(divisor), because \(reason): change one of "
        + "the two"
    }
  }

  // MARK: The generator

  func check(_ model: Generator.Configuration) {
    checkMagnitude(ModelMagnitude(model))
    checkHeads(
      width: model.width, headCount: model.headCount, path: "model", divisor: 2,
      reason: "elements turn in pairs")
    guard !problems.failed(anyOf: ["model.order"]), model.order == .hierarchical else { return }
    check(["model.tokens"]) {
      isPowerOfTwo(model.tokenCount) && (2...256).contains(model.tokenCount)
    } _: {
      "there is no level structure for \(model.tokenCount) tokens: take a power of two from 2 to "
        + "256, or order: sequential"
    }
    check(["model.single_tokens", "model.tokens"]) {
      isPowerOfTwo(model.singleTokenCount) && model.singleTokenCount <= model.tokenCount
    } _: {
      "\(model.singleTokenCount) single tokens do not end at a level of the \(model.tokenCount) "
        + "tokens of model.tokens: take a power of two of at most \(model.tokenCount)"
    }
  }
}
