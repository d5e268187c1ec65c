import ImageFiles

/// The features of a set of images as they are collected.
///
/// Rank 0 sums their moments and scores their logits; the other ranks keep rows, if neighbours are looked for.
struct SetFeatures {
  /// What is wanted of a set's features.
  struct Wanted {
    var moments = true
    var spatial = true
    var neighbours = false
    var score: InceptionScore.Configuration?
  }

  let sizes: InceptionFeatures.Sizes
  private(set) var pool: FeatureSet?
  private(set) var spatial: FeatureSet?
  private(set) var score: InceptionScore?
  private var keptRows: [Float] = []
  private let keepsRows: Bool

  init(
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
  mutating func add(_ features: InceptionFeatures) {
    pool?.add(features.pool)
    spatial?.add(features.spatial)
    score?.add(features.logits)
    if keepsRows { keptRows += features.pool }
  }

  /// The rows that neighbours are looked for among.
  var rows: [Float] { pool?.rows ?? keptRows }
}
