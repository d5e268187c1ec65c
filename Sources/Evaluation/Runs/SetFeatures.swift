import ImageFiles

/// The features of a set of images as they are collected.
///
/// Rank 0 sums their moments and scores their logits; the other ranks keep rows, if neighbours are looked for.
package struct SetFeatures {
  /// What is wanted of a set's features.
  package struct Wanted {
    /// Mean and covariance.
    package var moments = true
    /// Those of the spatial features too.
    package var spatial = true
    /// Rows, for neighbours.
    package var neighbours = false
    /// The Inception Score; nil for none.
    package var score: InceptionScore.Configuration?

    /// What is wanted.
    package init(
      moments: Bool = true, spatial: Bool = true, neighbours: Bool = false,
      score: InceptionScore.Configuration? = nil
    ) {
      (self.moments, self.spatial) = (moments, spatial)
      (self.neighbours, self.score) = (neighbours, score)
    }
  }

  let sizes: InceptionFeatures.Sizes
  /// The pooled features.
  package private(set) var pool: FeatureSet?
  private(set) var spatial: FeatureSet?
  /// The Inception Score.
  package private(set) var score: InceptionScore?
  private var keptRows: [Float] = []
  private let keepsRows: Bool

  /// Features of no images.
  package init(
    _ name: String, _ sizes: InceptionFeatures.Sizes, _ wanted: Wanted, isFirst: Bool
  ) {
    self.sizes = sizes
    if isFirst && wanted.moments {
      pool = FeatureSet(
        name: name, dimension: sizes.pool, keepsRows: wanted.neighbours)
      if wanted.spatial { spatial = FeatureSet(name: name, dimension: sizes.spatial) }
    }
    if isFirst, let score = wanted.score {
      self.score = InceptionScore(classCount: sizes.logits, score)
    }
    // What the moments keep is not kept twice.
    keepsRows = wanted.neighbours && pool == nil
  }

  /// Adds the features of the next batch.
  package mutating func add(_ features: InceptionFeatures) {
    pool?.add(features.pool)
    spatial?.add(features.spatial)
    score?.add(features.logits)
    if keepsRows { keptRows += features.pool }
  }

  /// The rows that neighbours are looked for among.
  var rows: [Float] { pool?.rows ?? keptRows }
}
