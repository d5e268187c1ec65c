import Autodiff
import Layers

/// A linear map of latent tokens: one for each level, or one shared by all.
///
/// `[batch, tokens, inputSize]` → `[batch, tokens, outputSize]`.
struct LevelProjection {
  private let levels: LevelStructure
  /// One map a level, or a single one.
  private let maps: [Linear]

  init(
    levels: LevelStructure, inputSize: Int, outputSize: Int, isPerLevel: Bool,
    isPublishedAsConvolution: Bool, in scope: ParameterScope
  ) {
    self.levels = levels
    let scopes = isPerLevel ? levels.sizes.indices.map { scope[$0] } : [scope]
    maps = scopes.map { scope in
      Linear(
        inputSize: inputSize, outputSize: outputSize, initializer: tokenizerInitializer,
        isPublishedAsConvolution: isPublishedAsConvolution, in: scope)
    }
  }

  func callAsFunction(_ x: Variable) -> Variable {
    guard maps.count > 1 else { return maps[0](x) }
    return concatenateTokens(
      zip(maps, levels.ranges).map { map, range in map(sliceTokens(x, range)) })
  }
}

/// One learned vector a level, added to all its tokens.
struct LevelEmbedding {
  private let levels: LevelStructure
  private let rows: [Parameter]

  init(levels: LevelStructure, width: Int, in scope: ParameterScope) {
    self.levels = levels
    rows = levels.sizes.indices.map { index in
      scope[index].parameter("", [1, width], .learnedToken(width: width))
    }
  }

  /// Adds the embeddings to `[batch, tokens, width]`.
  func callAsFunction(_ x: Variable) -> Variable {
    addTokenEmbeddings(
      x, rows: zip(rows, levels.sizes).map { (embedding: x.tape[$0], tokenCount: $1) })
  }
}

extension Initializer {
  /// Learned tokens and level embeddings: normal with standard deviation C^−½ (Docs/Method.md,
  /// section 5).
  static func learnedToken(width: Int) -> Initializer {
    .normal(standardDeviation: 1 / Float(width).squareRoot())
  }
}
