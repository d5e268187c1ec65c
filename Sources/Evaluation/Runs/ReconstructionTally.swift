import FeatureNetworks
package import Inference
import Layers

/// Puts together what was found out about all batches, in their order, on rank 0.
package struct ReconstructionTally {
  /// What is known of one point of the curve.
  private struct Point {
    var pixels = PixelScore()
    /// SSIM, MS-SSIM, a distance of each network.
    var means: [ImageMean]
    var features: SetFeatures?
  }

  /// Kept tokens of each point.
  let points: [Int?]
  private let perceptualNames: [String]
  private let perceptualSides: [Int]
  private let sizes: InceptionFeatures.Sizes?
  private let scoreCount: Int
  private let isFirst: Bool
  private var states: [Point]
  /// Whether the originals' features come with every batch.
  private let addsOriginals: Bool
  /// The features of the originals.
  package private(set) var originals: SetFeatures?
  /// The use of the codebook, of a model.
  package private(set) var usage: TokenUsage?

  /// A tally of nothing.
  ///
  /// - Parameters:
  ///   - measurement: What finds out about batches.
  ///   - isFirst: Whether this is rank 0; others keep nothing.
  ///   - originals: The features of the originals, where the measurement omits them.
  package init(
    _ measurement: ReconstructionMeasurement, isFirst: Bool, originals: SetFeatures? = nil
  ) {
    addsOriginals = !measurement.omissions.originals
    points = measurement.points
    let networks = measurement.networks
    perceptualNames = networks.perceptual.map(\.name)
    perceptualSides = networks.perceptual.map(\.distance.architecture.leastSide)
    scoreCount = measurement.scoreCount
    self.isFirst = isFirst
    let sizes = networks.inception.map { InceptionFeatures.Sizes(of: $0.network) }
    self.sizes = sizes
    func features(_ name: String, _ score: InceptionScore.Configuration?) -> SetFeatures? {
      sizes.map {
        SetFeatures(
          name, $0, SetFeatures.Wanted(spatial: false, score: score), isFirst: isFirst)
      }
    }
    self.originals = addsOriginals ? features("the originals", nil) : originals
    let scoreCount = scoreCount
    states = points.map { _ in
      Point(
        means: [ImageMean](repeating: ImageMean(), count: scoreCount - 1),
        features: features("the reconstructions", .reconstruction))
    }
    usage = measurement.tokenizer.map { model in
      TokenUsage(
        codebookSize: model.configuration.codebook.size,
        levels: LevelStructure(count: model.configuration.latents.count).ranges)
    }
  }

  /// Adds a batch.
  package mutating func add(_ figures: BatchFigures) throws {
    guard isFirst else { return }
    let pointCount = states.count
    for (index, score) in figures.doubles.enumerated() {
      let point = index / scoreCount % pointCount
      switch index % scoreCount {
      case 0: states[point].pixels.add(meanSquaredError: score)
      case let place: states[point].means[place - 1].add(score.isNaN ? nil : score)
      }
    }
    if let sizes {
      let partCount = pointCount + (addsOriginals ? 1 : 0)
      let partSize = figures.floats.count / partCount
      let parts = (0..<partCount).map {
        InceptionFeatures(
          Array(figures.floats[$0 * partSize..<($0 + 1) * partSize]), sizes)
      }
      if addsOriginals { originals?.add(parts[0]) }
      for (point, part) in parts.suffix(pointCount).enumerated() {
        states[point].features?.add(part)
      }
    }
    usage?.add(figures.tokens)
  }

  /// All figures, and those that cannot be had.
  ///
  /// - Throws: `EvaluationError`, `IterationFailure`.
  package func figures() throws -> ([Figure], [UnavailableFigure]) {
    var figures: [Figure] = []
    var unavailable: [UnavailableFigure] = []
    for (kept, state) in zip(points, states) {
      if let value = state.pixels.value {
        figures.append(Figure("psnr", value, keptTokenCount: kept))
      } else {
        unavailable.append(
          UnavailableFigure("psnr", "every image is equal to its original: it is infinite"))
      }
      figures.append(
        Figure("equal_images", Double(state.pixels.equalCount), keptTokenCount: kept))
      for (name, mean) in zip(["ssim", "ms_ssim"] + perceptualNames, state.means) {
        if let value = mean.value {
          figures.append(Figure(name, value, keptTokenCount: kept))
        } else {
          unavailable.append(UnavailableFigure(name, gap(name, mean)))
        }
      }
      if let pool = state.features?.pool, let first = originals?.pool {
        if pool.imageCount >= 2 {
          figures.append(
            Figure(
              "rfid", try FrechetDistance(first.statistics(), pool.statistics()).value,
              keptTokenCount: kept))
        } else {
          unavailable.append(UnavailableFigure("rfid", "it takes two images at least"))
        }
      }
      if let score = state.features?.score?.value {
        figures.append(Figure("is", score, keptTokenCount: kept))
      }
    }
    if sizes == nil {
      unavailable += ["rfid", "is"].map {
        UnavailableFigure($0, "no --inception file was given")
      }
    }
    if perceptualNames.isEmpty {
      unavailable.append(UnavailableFigure("lpips", "no --lpips files were given"))
    }
    figures += usageFigures()
    var seen: Set<String> = []
    return (figures, unavailable.filter { seen.insert($0.name + $0.reason).inserted })
  }

  /// Why images have no such score.
  private func gap(_ name: String, _ mean: ImageMean) -> String {
    let side =
      switch name {
      case "ssim": StructuralSimilarity.leastSide
      case "ms_ssim": StructuralSimilarity.leastSideOfScales
      default: perceptualNames.firstIndex(of: name).map { perceptualSides[$0] } ?? 0
      }
    return
      "\(mean.missingCount) of \(mean.missingCount + mean.count) images have a side below \(side)"
  }

  private func usageFigures() -> [Figure] {
    guard let usage else { return [] }
    func figures(_ codes: CodebookUsage, level: Int?) -> [Figure] {
      [
        ("codebook_usage", codes.usedShare), ("entropy", codes.entropy),
        ("entropy_published", codes.publishedEntropy), ("perplexity", codes.perplexity),
      ].map { Figure($0.0, $0.1, level: level) }
    }
    return figures(usage.total, level: nil)
      + usage.byLevel.enumerated().flatMap { figures($1, level: $0) }
  }
}
