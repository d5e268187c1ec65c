import DataParallel
import Datasets
import ImageFiles
import Inference
import MessagePassing
import ResidualTokenizer
import Tensors

/// The work on images and codes, shared out among the ranks image by image.
struct CodesPasses {
  /// What was found out about the codes of a crop.
  struct Score {
    let row: Int
    let crop: Int
    let error: Double
    let errorOfOwnCodes: Double
    /// Not a number where the image is too small for.
    let structure: Double
    let reproducedShare: Double
  }

  let model: ResTok
  let context: EvaluationContext

  /// Tokens of a crop.
  var tokenCount: Int { model.configuration.latents.count }

  /// Decodes the codes of some rows, encodes their images again, and compares.
  ///
  /// Collective: every rank; what to do is known to rank 0.
  ///
  /// - Returns: A score of each crop of each row, and the part of the tokens in which images agree with the one after
  ///   them; alike on every rank.
  func scores(
    _ source: CodesSource?, _ rows: [Int]
  ) throws -> (scores: [Score], likeness: Double) {
    let recipe = try shared(source?.recipe)
    let stored = try context.communicator.broadcast(
      source?.entries(of: rows).flatMap(\.tokens) ?? [], root: 0)
    let numbers = try context.communicator.broadcast(rows.map(Int64.init), root: 0).map(Int.init)
    var (found, firsts): ([Double], [[UInt16]]) = ([], [])
    try run(source, rows) { place, image in
      let size = recipe.cropCount * tokenCount
      return try figures(image, recipe, Array(stored[place * size..<(place + 1) * size]))
    } collect: { figures in
      found += figures.doubles
      if !figures.tokens.isEmpty { firsts.append(figures.tokens) }
    }
    let likeness = zip(firsts, firsts.dropFirst()).map { CodesDiagnosis.share($0, $1) }
    let scores = (0..<found.count / 4).map { place in
      Score(
        row: numbers[place / recipe.cropCount], crop: place % recipe.cropCount,
        error: found[4 * place], errorOfOwnCodes: found[4 * place + 1],
        structure: found[4 * place + 2], reproducedShare: found[4 * place + 3])
    }
    return (scores, Self.mean(likeness))
  }

  /// Encodes the crops of the images of some rows.
  ///
  /// Collective: every rank; what to do is known to rank 0.
  ///
  /// - Returns: Tokens, image by image and crop by crop, alike on every rank.
  func tokens(_ source: CodesSource?, _ rows: [Int], _ recipe: CropRecipe) throws -> [UInt16] {
    var found: [UInt16] = []
    try run(source, rows) { _, image in
      BatchFigures(tokens: try tokens(of: recipe.crops(of: image, size: size)))
    } collect: {
      found += $0.tokens
    }
    return found
  }

  private var size: Int { model.configuration.imageSize }

  private func tokens(of images: [RGBImage]) throws -> [UInt16] {
    try model.tokens(of: Tensor(images: images)).array(of: Int32.self).map(UInt16.init)
  }

  /// Four numbers of each crop, and the tokens of the first.
  private func figures(
    _ image: RGBImage, _ recipe: CropRecipe, _ stored: [UInt16]
  ) throws -> BatchFigures {
    let crops = recipe.crops(of: image, size: size)
    let own = try tokens(of: crops)
    let decoded = try [stored, own].map { tokens in
      RGBImage.images(
        of: try model.images(
          of: Tensor(tokens.map(Int32.init), shape: [crops.count, tokenCount])))
    }
    let scores = crops.enumerated().flatMap { index, crop in
      let range = index * tokenCount..<(index + 1) * tokenCount
      return [
        PixelScore.meanSquaredError(crop, decoded[0][index]),
        PixelScore.meanSquaredError(crop, decoded[1][index]),
        StructuralSimilarity.value(crop, decoded[0][index]) ?? .nan,
        CodesDiagnosis.share(stored[range], own[range]),
      ]
    }
    return BatchFigures(doubles: scores, tokens: Array(own.prefix(tokenCount)))
  }

  private func shared(_ recipe: CropRecipe?) throws -> CropRecipe {
    let all = CropRecipe.allCases
    let index = recipe.flatMap(all.firstIndex(of:)) ?? 0
    return all[Int(try context.communicator.broadcast([Int64(index)], root: 0)[0])]
  }

  /// Gives every image of some rows to a rank, and what was found out about them to all, in their order.
  private func run(
    _ source: CodesSource?, _ rows: [Int],
    measure: (_ place: Int, RGBImage) throws -> BatchFigures, collect: (BatchFigures) -> Void
  ) throws {
    let communicator = context.communicator
    let count = Int(try communicator.broadcast([Int64(rows.count)], root: 0)[0])
    let worldSize = communicator.worldSize
    let stepCount = (count + worldSize - 1) / worldSize
    let transport = try SampleTransport(
      plan: LanePlan(laneCount: worldSize, worldSize: worldSize), communicator: communicator,
      steps: 0..<stepCount
    ) { step, lane in
      let place = step * worldSize + lane
      guard let source, place < count else { return [] }
      let item = ImageLaneMessage.Item(sample: try source.sample(rows[place]), ordinal: place)
      return ImageLaneMessage(image: source.dataset.image, items: [item]).bytes
    }
    for step in 0..<stepCount {
      let bytes = try transport.nextImages(step: step, lane: communicator.rank)
      var figures = BatchFigures()
      if !bytes.isEmpty {
        let message = try ImageLaneMessage(bytes: bytes)
        for item in message.items {
          figures = try measure(item.ordinal, try message.image.image(of: item.sample))
        }
      }
      for figures in try figures.gathered(communicator) { collect(figures) }
      if context.isFirst { context.progress(min(count, (step + 1) * worldSize), count) }
    }
    try transport.stop()
  }

  /// The mean; 0 of nothing.
  static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
  }

  /// The means of each crop.
  static func means(_ scores: [Score], cropCount: Int) -> [CodesReport.Crop] {
    (0..<cropCount).map { crop in
      let own = scores.filter { $0.crop == crop }
      let structure = mean(own.map(\.structure))
      return CodesReport.Crop(
        number: crop,
        ratio: PixelScore(meanSquaredErrors: own.map(\.error)).value,
        ratioOfOwnCodes: PixelScore(meanSquaredErrors: own.map(\.errorOfOwnCodes)).value,
        structure: structure.isNaN ? nil : structure,
        reproducedShare: mean(own.map(\.reproducedShare)))
    }
  }
}
