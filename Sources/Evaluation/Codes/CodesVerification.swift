import Datasets
import ImageFiles
public import Inference
import MessagePassing
import ResidualTokenizer
import Tensors

/// The check of a file of codes before a generator trains on them: a part of them is decoded and encoded again, and
/// compared with the images.
///
/// Source: Docs/Data.md, "Check your codes first".
public struct CodesVerification: Sendable {
  /// The file of codes.
  public var codes: String
  /// The tokenizer that should have made them.
  public var tokenizer: ModelSource
  /// The data set that they should be of.
  public var data: String
  /// Images that are looked at; all where there are fewer.
  public var count = 256
  /// Seed of their choice; nil takes the first ones.
  public var seed: UInt64? = 0

  /// A check of 256 images.
  public init(codes: String, tokenizer: ModelSource, data: String) {
    (self.codes, self.tokenizer, self.data) = (codes, tokenizer, data)
  }

  /// Images at the beginning of the file among which the owners of strange codes are looked for.
  private static let searchedCount = 64
  /// Images of these whose crops by all recipes are looked at.
  private static let fullySearchedCount = 8
  /// The part of rows that may disagree, and of tokens that must agree, before their owners are looked for.
  private static let (strayShare, agreeingShare) = (0.01, 0.9)

  /// Looks at the codes.
  ///
  /// Collective: every rank, with the same request. Rank 0 reads codes and images; every rank loads the tokenizer.
  ///
  /// - Parameter context: The ranks.
  /// - Returns: What was found, on rank 0; nil on the others.
  /// - Throws: `DataError` for codes that cannot be compared with these images or this tokenizer at all, and the
  ///   errors of files, models and ranks.
  public func run(_ context: EvaluationContext) throws -> CodesReport? {
    context.setThreads()
    let loaded = try LoadedTokenizer(tokenizer) { if context.isFirst { context.notice($0) } }
    try CodeExtraction.requireOneTokenizer(loaded, tokenizer, context.communicator)
    let source = try context.isFirst ? CodesSource(self, loaded, context.notice) : nil
    let passes = CodesPasses(model: loaded.model, context: context)

    let rows = source?.rows(count, seed: seed)
    let (scores, likeness) = try passes.scores(source, rows ?? [])
    let strays = scores.filter { $0.reproducedShare < CodesDiagnosis.leastShare }
    let isOdd =
      Double(strays.count) > Self.strayShare * Double(scores.count)
      || CodesPasses.mean(scores.map(\.reproducedShare)) < Self.agreeingShare
    let problem = try isOdd ? diagnosis(source, passes) : nil
    guard let source, let rows else { return nil }
    var report = source.report(lookedAtCount: rows.count, scores)
    if likeness > CodesDiagnosis.leastShare {
      report.tellsImagesApart = false
      report.warnings.append(
        "this tokenizer gives different images the same tokens in \(Int(100 * likeness)) of 100 places: that its "
          + "codes agree with the images says little")
    }
    let strange = strays.first.map { stray in
      "\(strays.count) of \(scores.count) rows of codes agree with what encoding gives in less than half of "
        + "their tokens, the first of them crop \(stray.crop) of row \(stray.row)"
    }
    if let problem {
      report.problems.append(problem)
    } else if let strange {
      if isOdd { report.problems.append(strange) } else { report.warnings.append(strange) }
    } else if isOdd {
      report.warnings.append(
        "encoding gives other tokens in many places, but of the same crops: the codes were made in another "
          + "precision, or by another program; compare the two PSNR")
    }
    return report
  }

  /// What rows at the beginning of the file are of; nil where they are as they should be.
  private func diagnosis(_ source: CodesSource?, _ passes: CodesPasses) throws -> String? {
    let first = source.map { Array(0..<min(Self.searchedCount, $0.file.sampleCount)) } ?? []
    var candidates: [CodesDiagnosis.Candidate] = []
    for recipe in CropRecipe.allCases {
      let isOwn = source.map { $0.recipe == recipe } ?? true
      let rows = isOwn ? first : Array(first.prefix(Self.fullySearchedCount))
      let tokens = try passes.tokens(source, rows, recipe)
      guard source != nil else { continue }
      let size = passes.tokenCount
      candidates += (0..<tokens.count / size).map { number in
        CodesDiagnosis.Candidate(
          row: rows[number / recipe.cropCount], recipe: recipe, crop: number % recipe.cropCount,
          tokens: Array(tokens[number * size..<(number + 1) * size]))
      }
    }
    guard let source else { return nil }
    // Recipes share crops: that of the file counts.
    let ordered =
      candidates.filter { $0.recipe == source.recipe }
      + candidates.filter { $0.recipe != source.recipe }
    return CodesDiagnosis(recipe: source.recipe, candidates: ordered)
      .problem(of: try source.entries(of: first))
  }
}

/// The codes and the images, on rank 0.
struct CodesSource {
  let file: CodesFile
  let dataset: ImageDataset
  let recipe: CropRecipe
  private let matching: CodesMatching
  private let isOfTokenizer: Bool
  private let tokenizerPath: String

  /// Opens both, and finds out which image each row is of.
  ///
  /// - Throws: `DataError` where sizes, crops or counts leave nothing to compare.
  init(
    _ request: CodesVerification, _ tokenizer: LoadedTokenizer, _ notice: Notice
  ) throws {
    let file = try CodesFile(path: request.codes)
    for warning in file.warnings { notice(warning) }
    let model = tokenizer.model.configuration
    for (name, found, expected) in [
      ("tokens an image", file.description.tokenCount, model.latents.count),
      ("codes in the codebook", file.description.vocabularySize, model.codebook.size),
    ] where found != expected {
      throw DataError(
        file: request.codes,
        problem: "the codes are of another tokenizer: it has \(found) \(name), and "
          + "\(request.tokenizer.path) \(expected)",
        advice:
          "Name the tokenizer that made them, or extract codes with this one (`restok encode`).")
    }
    recipe = try file.cropRecipe(size: model.imageSize)
    dataset = try ImageDataset(folder: request.data)
    matching = try CodesMatching(file, dataset)
    isOfTokenizer = file.description.tokenizerDigest == tokenizer.digest
    tokenizerPath = request.tokenizer.path
    self.file = file
  }

  /// The rows to look at, in their order: drawn, or the first ones.
  func rows(_ count: Int, seed: UInt64?) -> [Int] {
    let number = min(count, file.sampleCount)
    guard let seed else { return Array(0..<number) }
    let order = KeyedPermutation(count: file.sampleCount, key: seed)
    return (0..<number).map { order[$0] }.sorted()
  }

  /// The image of a row.
  func sample(_ row: Int) throws(DataError) -> Sample {
    guard let index = matching.imageIndices[row] else {
      preconditionFailure("CodesSource: row \(row) has no image")
    }
    return try dataset.sample(at: index)
  }

  /// The codes of some rows, crop after crop.
  func entries(of rows: [Int]) throws(DataError) -> [CodesDiagnosis.Entry] {
    var entries: [CodesDiagnosis.Entry] = []
    for row in rows {
      for crop in 0..<recipe.cropCount {
        entries.append(
          CodesDiagnosis.Entry(row: row, crop: crop, tokens: try file.codes(at: row, crop: crop)))
      }
    }
    return entries
  }

  /// What is known before anybody looks for reasons.
  func report(lookedAtCount: Int, _ scores: [CodesPasses.Score]) -> CodesReport {
    var problems: [String] = []
    if !isOfTokenizer {
      problems.append(
        "the file says that its codes are of the tokenizer \(file.description.tokenizerDigest), and not of "
          + "\(tokenizerPath)")
    }
    if let row = matching.unlikeLabels.first, let label = matching.label(ofImageOf: row) {
      problems.append(
        "\(matching.unlikeLabels.count) of \(file.sampleCount) labels are others than those of \(dataset.folder), the "
          + "first that of row \(row): \(file.labels[row]), where the image's is \(label)")
    }
    return CodesReport(
      codes: file.path, imageCount: file.sampleCount, lookedAtCount: lookedAtCount,
      basis: matching.basis, crops: CodesPasses.means(scores, cropCount: recipe.cropCount),
      problems: problems, warnings: [],
      tellsImagesApart: true)
  }
}
