import ArrayFiles
import Evaluation
import TestSupport
import Testing

@Suite struct DistanceTests {
  /// Pseudo-random numbers around 0.
  private func rows(_ count: Int, _ dimension: Int, seed: UInt64) -> [Float] {
    var state = seed &* 2 + 1
    return (0..<count * dimension).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int64(bitPattern: state) >> 40) / Float(1 << 23)
    }
  }

  /// Two diagonal distributions have a distance that a pencil finds.
  @Test func distributionsWithoutCorrelationsHaveTheDistanceOfTheirAxes() throws {
    let first = FeatureStatistics(mean: [1, 2], covariance: [4, 0, 0, 9])
    let second = FeatureStatistics(mean: [0, 4], covariance: [1, 0, 0, 16])
    let distance = try FrechetDistance(first, second)
    #expect(distance.meanPart == 5)
    #expect(abs(distance.covariancePart - ((2 - 1) * (2 - 1) + (3 - 4) * (3 - 4))) < 1e-12)
    #expect(abs(try FrechetDistance(second, first).value - distance.value) < 1e-12)
  }

  /// A distance is never below 0 by rounding.
  @Test func setsHaveNoDistanceFromThemselves() throws {
    for seed in 1...20 {
      var set = FeatureSet(name: "made up", dimension: 9)
      set.add(rows(40, 9, seed: UInt64(seed)))
      let statistics = try set.statistics()
      let distance = try FrechetDistance(statistics, statistics)
      #expect(distance.value >= 0 && distance.value < 1e-12, "\(distance)")
    }
    // What is further below is no rounding and stays to be seen.
    let indefinite = FeatureStatistics(mean: [0, 0], covariance: [1, 0, 0, -5e-4])
    #expect(try FrechetDistance(indefinite, indefinite).value < -9e-4)
  }

  @Test func momentsDoNotDependOnThePieces() throws {
    let features = rows(700, 9, seed: 3)
    func statistics(_ pieceSize: Int) throws -> FeatureStatistics {
      var set = FeatureSet(name: "made up", dimension: 9)
      for start in stride(from: 0, to: 700, by: pieceSize) {
        set.add(Array(features[start * 9..<min(700, start + pieceSize) * 9]))
      }
      return try set.statistics()
    }
    let whole = try statistics(700)
    for size in [1, 8, 255, 256, 257, 511] { #expect(try statistics(size) == whole) }
  }

  @Test func setsThatAreTooSmallOrNotFiniteAreRefused() throws {
    var set = FeatureSet(name: "few", dimension: 3)
    set.add([1, 2, 3])
    #expect(throws: EvaluationError.tooFewImages(set: "few", found: 1, needed: 2)) {
      try set.statistics()
    }
    set.add([1, .nan, 3])
    #expect(throws: EvaluationError.notFinite(set: "few")) { try set.statistics() }
    #expect(throws: EvaluationError.tooFewImages(set: "the samples", found: 3, needed: 4)) {
      try PrecisionRecall(
        references: rows(9, 2, seed: 1), samples: rows(3, 2, seed: 2), dimension: 2)
    }
    let few = FeatureStatistics(mean: [1], covariance: [1])
    let other = FeatureStatistics(mean: [1, 2], covariance: [1, 0, 0, 1])
    #expect(throws: EvaluationError.unlikeDimensions(set: "other", found: 2, expected: 1)) {
      try FrechetDistance(few, other, name: "other")
    }
  }

  /// With features that never vary, or always together, the covariances are singular.
  @Test func singularCovariancesHaveTheDistanceOfTheirPlane() throws {
    let first = FeatureStatistics(mean: [0, 0, 0], covariance: [4, 4, 0, 4, 4, 0, 0, 0, 0])
    let second = FeatureStatistics(mean: [0, 0, 0], covariance: [1, 1, 0, 1, 1, 0, 0, 0, 0])
    #expect(abs(try FrechetDistance(first, second).value - 2) < 1e-13)
    let constant = FeatureStatistics(mean: [0, 0, 0], covariance: [Double](repeating: 0, count: 9))
    #expect(try FrechetDistance(first, constant).value == 8)
    #expect(try FrechetDistance(constant, constant).value == 0)
  }

  @Test(arguments: [
    ([-1, 0, 0, 1], "the variance of dimension 0 is -1.0"),
    ([1, 0.5, 0.1, 1], "dimensions 1 and 0 is 0.1, and in the other order 0.5"),
    ([1, 1.5, 1.5, 1], "more than their deviations allow, 1.0"),
  ])
  func aMatrixThatIsNoCovarianceIsRefused(covariance: [Double], words: String) throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/statistics.npz"
      let statistics = FeatureStatistics(mean: [0, 0], covariance: covariance)
      try StatisticsFile(pool: statistics, spatial: nil).write(to: path)
      let error = #expect(throws: EvaluationError.self) {
        try StatisticsFile(NumPyArchiveDirectory(contentsOf: path))
      }
      #expect("\(try #require(error))".contains(words))
    }
  }

  /// Each pair of dimensions may have such a covariance, and all three together not: one eigenvalue is -0.8.
  @Test func aNegativeEigenvalueIsRefused() throws {
    let odd = FeatureStatistics(
      mean: [0, 0, 0], covariance: [1, 0.9, 0.9, 0.9, 1, -0.9, 0.9, -0.9, 1])
    let even = FeatureStatistics(mean: [0, 0, 0], covariance: [1, 0, 0, 0, 1, 0, 0, 0, 1])
    let error = #expect(throws: EvaluationError.self) {
      try FrechetDistance(even, odd, name: "odd")
    }
    #expect("\(try #require(error))".hasPrefix("odd: no covariance of a set of features"))
    // Rounding in float32 is no such thing.
    let nearly = FeatureStatistics(mean: [0, 0], covariance: [1, 1, 1, 1 - 1e-6])
    #expect(try FrechetDistance(nearly, nearly).value < 1e-5)
  }

  @Test func evenLogitsScoreOneAndSureOnesAsManyAsThereAreClasses() {
    var even = InceptionScore(classCount: 4, .generation)
    even.add([Float](repeating: 3, count: 40))
    #expect(abs((even.value ?? 0) - 1) < 1e-12)
    // A spread of logits far beyond what single precision keeps apart.
    var sure = InceptionScore(classCount: 4, .generation)
    for image in 0..<8 { sure.add((0..<4).map { $0 == image % 4 ? 900 : -900 }) }
    #expect(abs((sure.value ?? 0) - 4) < 1e-12)
    #expect(InceptionScore(classCount: 4, .generation).value == nil)
  }

  @Test func splitsFollowTheOrderOfTheImages() {
    func score(_ classes: [Int], _ splitSize: Int?) -> Double? {
      var score = InceptionScore(
        classCount: 2, InceptionScore.Configuration(splitSize: splitSize))
      for label in classes { score.add(label == 0 ? [50, -50] : [-50, 50]) }
      return score.value
    }
    #expect(abs((score([0, 0, 1, 1], 2) ?? 0) - 1) < 1e-12)
    #expect(abs((score([0, 1, 0, 1], 2) ?? 0) - 2) < 1e-12)
    #expect(abs((score([0, 0, 1, 1], nil) ?? 0) - 2) < 1e-12)
    // The last split has one image.
    #expect(abs((score([0, 1, 0, 1, 0], 2) ?? 0) - 5.0 / 3) < 1e-12)
  }

  @Test func theBorderBelongsToTheBall() throws {
    // References at 0, 1, 2, 3: with k = 1 each ball reaches as far as 1.
    let references: [Float] = [0, 1, 2, 3]
    let found = try PrecisionRecall(
      references: references, samples: [4, 4.5, -0.5], dimension: 1, neighbourCount: 1)
    #expect(found.precision == 2.0 / 3)
    // Samples' balls reach 0.5, 0.5 and 4.5.
    #expect(found.recall == 1)
  }

  @Test func copiesAreNeighboursAtDistanceZero() throws {
    let points = rows(40, 5, seed: 8)
    let found = try PrecisionRecall(
      references: points, samples: points, dimension: 5, neighbourCount: 1)
    #expect(found.precision == 1 && found.recall == 1)
    let twice = points[..<10] + points[..<10]
    let copies = try PrecisionRecall(
      references: Array(twice), samples: Array(points[10..<30]), dimension: 5, neighbourCount: 1)
    #expect(copies.precision == 0)
  }
}
