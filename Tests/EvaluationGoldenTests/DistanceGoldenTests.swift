import ArrayFiles
import Evaluation
import Foundation
import ImageFiles
import TestSupport
import Testing

/// Distances of sets of features and of images against a PyTorch program.
@Suite struct DistanceGoldenTests {
  /// A feature of the tall set never fires: its program adds the root of an eigenvalue that is nothing but rounding, a
  /// hundred-millionth of the distance for some seeds, as 50 digits show.
  private static func bound(_ name: String) -> Double { name == "tall" ? 1e-7 : 1e-9 }

  /// The features of a tensor `[images, dimension]`, added in pieces.
  private func set(_ file: SafetensorsFile, _ name: String) throws -> FeatureSet {
    let stored = try file.tensor(name)
    let rows = try stored.floats()
    var set = FeatureSet(name: name, dimension: stored.shape[1])
    for start in stride(from: 0, to: rows.count, by: 7 * stored.shape[1]) {
      set.add(Array(rows[start..<min(rows.count, start + 7 * stored.shape[1])]))
    }
    return set
  }

  @Test(arguments: GoldenCase.features)
  func featuresAgreeWithPyTorch(golden: GoldenCase) throws {
    let file = try golden.tensors()
    var errors = GoldenErrors(golden)
    for name in ["tall", "wide", "one-more"] {
      let (reference, samples) = (
        try set(file, "in.\(name).reference"), try set(file, "in.\(name).samples")
      )
      for (who, set) in [("reference", reference), ("samples", samples)] {
        let statistics = try set.statistics()
        for (kind, values) in [("mu", statistics.mean), ("sigma", statistics.covariance)] {
          errors.compare(
            values, try file.tensor("out.\(name).\(who).\(kind)").elements(), tolerance: 1e-12,
            as: kind, "\(name) \(who) \(kind)")
        }
      }
      let distance = try FrechetDistance(reference.statistics(), samples.statistics())
      errors.compare(
        [distance.value], [try golden.number(name, "FID")], tolerance: Self.bound(name), as: "FID",
        name)
      errors.compare(
        [distance.meanPart], [try golden.number(name, "mean part")], tolerance: 1e-9,
        as: "mean part", name)
      let itself = try FrechetDistance(reference.statistics(), reference.statistics())
      #expect(abs(itself.value) <= 1e-7 * 2 * (try reference.statistics().totalVariance))
      let found = try PrecisionRecall(
        references: try file.tensor("in.\(name).reference").floats(),
        samples: try file.tensor("in.\(name).samples").floats(), dimension: reference.dimension)
      #expect(found.precision == (try golden.number(name, "precision")), "\(name)")
      #expect(found.recall == (try golden.number(name, "recall")), "\(name)")
    }
    try compareOffset(golden, file, &errors)
    try compareScores(golden, file, &errors)
    try compareNeighbours(golden, file)
    errors.report()
  }

  /// A spread far from zero, and statistics alone where features had been there.
  private func compareOffset(
    _ golden: GoldenCase, _ file: SafetensorsFile, _ errors: inout GoldenErrors
  ) throws {
    let set = try set(file, "in.offset")
    errors.compare(
      try set.statistics().covariance, try file.tensor("out.offset.sigma").elements(),
      tolerance: 1e-9, as: "offset", "covariance of the offset set")
    for name in ["tall", "one-more", "wide"] {
      let sides = try ["reference", "samples"].map { side in
        try FeatureStatistics(
          mean: file.tensor("out.\(name).\(side).mu").elements(),
          covariance: file.tensor("out.\(name).\(side).sigma").elements())
      }
      errors.compare(
        [try FrechetDistance(sides[0], sides[1]).value], [try golden.number(name, "FID")],
        tolerance: Self.bound(name), as: "FID of statistics", name)
    }
  }

  private func compareScores(
    _ golden: GoldenCase, _ file: SafetensorsFile, _ errors: inout GoldenErrors
  ) throws {
    for name in ["flat", "sharp"] {
      let stored = try file.tensor("in.logits.\(name)")
      for size in [5000, 100, 25] {
        var score = InceptionScore(
          classCount: stored.shape[1], InceptionScore.Configuration(splitSize: size))
        score.add(try stored.floats())
        errors.compare(
          [try #require(score.value)], [try golden.number("IS \(name)", "split \(size)")],
          tolerance: 1e-9, as: "IS", "\(name) in splits of \(size)")
      }
    }
  }

  private func compareNeighbours(_ golden: GoldenCase, _ file: SafetensorsFile) throws {
    let references = try file.tensor("in.neighbours.reference")
    let samples = try file.tensor("in.neighbours.samples")
    let facts = try golden.value()["precision, recall"]?.fields ?? [:]
    #expect(!facts.isEmpty)
    for (key, expected) in facts {
      let found = try PrecisionRecall(
        references: references.floats(), samples: samples.floats(),
        dimension: references.shape[1],
        neighbourCount: try #require(Int(key.dropFirst(2)), "\(key)"))
      #expect([found.precision, found.recall] == expected.elements.map(\.number), "\(key)")
    }
  }

  @Test(arguments: GoldenCase.suites)
  func suitesAgreeWithPyTorch(golden: GoldenCase) throws {
    let file = try golden.tensors()
    var errors = GoldenErrors(golden)
    let stored = (try set(file, "out.reference.pool"), try set(file, "out.samples.pool"))
    errors.compare(
      [try FrechetDistance(stored.0.statistics(), stored.1.statistics()).value],
      [try golden.number("FID")],
      tolerance: 1e-9, as: "FID", "FID of the stored features")
    let logits = try file.tensor("out.samples.logits_unbiased")
    for (size, key) in [(5000, "IS"), (8, "IS in splits of 8")] {
      var score = InceptionScore(
        classCount: logits.shape[1], InceptionScore.Configuration(splitSize: size))
      score.add(try logits.floats())
      errors.compare(
        [try #require(score.value)], [try golden.number(key)], tolerance: 1e-9, as: "IS", key)
    }
    let found = try PrecisionRecall(
      references: try file.tensor("out.reference.pool").floats(),
      samples: try file.tensor("out.samples.pool").floats(), dimension: stored.0.dimension)
    #expect(found.precision == (try golden.number("precision")))
    #expect(found.recall == (try golden.number("recall")))
    try compareImages(golden, file, &errors)
    errors.report()
  }

  /// The same from the images.
  private func compareImages(
    _ golden: GoldenCase, _ file: SafetensorsFile, _ errors: inout GoldenErrors
  ) throws {
    let network = try golden.inception()
    let sizes = InceptionFeatures.Sizes(of: network)
    func features(_ name: String) throws -> (pool: FeatureSet, spatial: FeatureSet, InceptionScore)
    {
      var sets = (
        pool: FeatureSet(name: name, dimension: sizes.pool, keepsRows: true),
        spatial: FeatureSet(name: name, dimension: sizes.spatial),
        InceptionScore(classCount: sizes.logits, .generation)
      )
      let images = try file.pictures(name)
      for start in stride(from: 0, to: images.count, by: 8) {
        let features = InceptionFeatures(
          of: Array(images[start..<min(images.count, start + 8)]), network)
        sets.pool.add(features.pool)
        sets.spatial.add(features.spatial)
        sets.2.add(features.logits)
      }
      return sets
    }
    let (reference, samples) = (try features("in.reference"), try features("in.samples"))
    func distance(_ a: FeatureSet, _ b: FeatureSet) throws -> Double {
      try FrechetDistance(a.statistics(), b.statistics()).value
    }
    for (kind, value, key) in [
      ("FID of images", try distance(reference.pool, samples.pool), "FID"),
      ("sFID of images", try distance(reference.spatial, samples.spatial), "sFID"),
      ("IS of images", try #require(samples.2.value), "IS"),
    ] {
      errors.compare(
        [value], [try golden.number(key)], tolerance: 1e-4, as: kind, kind)
    }
    for (name, set) in [("mu", reference.pool), ("mu_s", reference.spatial)] {
      errors.compare(
        try set.statistics().mean, try file.tensor("out.reference.\(name)").elements(),
        tolerance: 1e-4, as: name, name)
    }
    for (name, set) in [("reference", reference.pool), ("samples", samples.pool)] {
      let stored = try file.tensor("out.\(name).pool").floats()
      errors.compare(
        try #require(set.rows).map(Double.init), stored.map(Double.init), tolerance: 1e-4,
        as: "features", "features of \(name)")
    }
    let found = try PrecisionRecall(
      references: try #require(reference.pool.rows), samples: try #require(samples.pool.rows),
      dimension: sizes.pool)
    #expect(abs(found.precision - (try golden.number("precision"))) <= 1e-4)
    #expect(abs(found.recall - (try golden.number("recall"))) <= 1e-4)
  }
}
