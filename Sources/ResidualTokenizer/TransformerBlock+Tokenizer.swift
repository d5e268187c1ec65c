import Autodiff
import Layers

extension TransformerBlock {
  /// A block of the tokenizer: with LayerScale, and norms of queries and keys.
  ///
  /// Source: Docs/Method.md, section 3 (block).
  init(width: Int, headCount: Int, in scope: ParameterScope) {
    self.init(
      Configuration(
        width: width, headCount: headCount, attentionBias: .queriesAndValues, hasHeadNorms: true,
        layerScaleNames: ["gamma_1", "gamma_2"]),
      initializer: tokenizerInitializer, in: scope)
  }
}
