import Configurations
import Datasets
import Evaluation
import ImageFiles
import Inference
import MessagePassing
import Tensors
import TestSupport
import Testing

/// Codes that are checked before anybody trains on them.
@Suite struct CodesVerificationTests {
  /// Codes of synthetic images, with one tokenizer for all of a test.
  private struct Files {
    let folder: String
    let tokenizer: String
    let loaded: LoadedTokenizer
    let dataset: ImageDataset

    init(in folder: String) throws {
      self.folder = folder
      try SyntheticImages(classCount: 5, size: 48).write(24, to: folder + "/set")
      tokenizer = try SmallRuns(folder: folder).imported(.tokenizer, standardDeviation: 1)
      loaded = try LoadedTokenizer(ModelSource(path: tokenizer)) { _ in }
      dataset = try ImageDataset(folder: folder + "/set")
    }

    func tokens(_ index: Int, _ recipe: CropRecipe) throws -> [[UInt16]] {
      let image = try dataset.image.image(of: dataset.sample(at: index))
      return try recipe.crops(of: image, size: 32).map {
        try loaded.model.tokens(of: Tensor(images: [$0])).array(of: Int32.self).map(UInt16.init)
      }
    }

    /// Writes codes `[images][crops][tokens]`.
    func write(
      _ codes: [[[UInt16]]], _ recipe: CropRecipe, keys: [String]? = nil, labels: [Int]? = nil,
      digest: String? = nil
    ) throws -> String {
      let path = folder + "/codes.h5"
      let samples = try (0..<24).map { try dataset.sample(at: $0) }
      let writer = try CodesWriter(
        path: path,
        description: CodesDescription(
          sampleCount: codes.count, cropCount: codes[0].count, tokenCount: 16, vocabularySize: 64,
          classCount: 5, tokenizerDigest: digest ?? loaded.digest,
          cropRecipeDigest: recipe.digest(size: 32)))
      try writer.write(
        codes.flatMap { $0.flatMap { $0 } },
        labels: labels ?? samples.prefix(codes.count).map(\.label),
        keys: keys ?? samples.prefix(codes.count).map(\.key), at: 0)
      try writer.publish()
      return path
    }

    func report(_ codes: String, _ change: (inout CodesVerification) -> Void = { _ in }) throws
      -> CodesReport
    {
      var verification = CodesVerification(
        codes: codes, tokenizer: ModelSource(path: tokenizer), data: folder + "/set")
      change(&verification)
      return try #require(
        try verification.run(EvaluationContext(communicator: .single(), threadCount: 1)))
    }
  }

  @Test(arguments: CropRecipe.allCases)
  func extractedCodesAreSound(recipe: CropRecipe) throws {
    try withTemporaryDirectory { folder in
      let files = try Files(in: folder)
      _ = try CodeExtraction.encode(
        data: folder + "/set", with: ModelSource(path: files.tokenizer), to: folder + "/codes.h5",
        recipe: recipe, communicator: .single())
      let report = try files.report(folder + "/codes.h5") { $0.count = 10 }
      #expect(report.isSound, "\(report)")
      // The weights are random.
      #expect(report.warnings.count == 1 && report.warnings[0].contains("the same tokens in"))
      #expect(report.crops.count == recipe.cropCount && report.lookedAtCount == 10)
      #expect(report.basis == .keys)
      for crop in report.crops {
        let (ratio, own) = (try #require(crop.ratio), try #require(crop.ratioOfOwnCodes))
        #expect(crop.reproducedShare > 0.99 && abs(ratio - own) < 0.1)
      }
    }
  }

  /// Tokens that tell images, recipes and crops apart, but for two of sixteen.
  private func tokens(_ image: Int, _ recipe: CropRecipe, _ crop: Int) -> [UInt16] {
    let number = (image * 3 + (CropRecipe.allCases.firstIndex(of: recipe) ?? 0)) * 10 + crop
    return (0..<16).map { UInt16($0 < 2 ? 0 : number * 16 + $0) }
  }

  private func diagnosis(_ recipe: CropRecipe, imageCount: Int) -> CodesDiagnosis {
    let recipes = [recipe] + CropRecipe.allCases.filter { $0 != recipe }
    let candidates = recipes.flatMap { recipe in
      (0..<imageCount).flatMap { row in
        (0..<recipe.cropCount).map {
          CodesDiagnosis.Candidate(
            row: row, recipe: recipe, crop: $0, tokens: tokens(row, recipe, $0))
        }
      }
    }
    return CodesDiagnosis(recipe: recipe, candidates: candidates)
  }

  /// As the published extraction makes them in batches of eight images: rows 2i and 2i+1 of [images, mirror images].
  @Test func shuffledCodesAreFound() throws {
    let entries = (0..<3).flatMap { batch in
      let rows = [0, 1].flatMap { crop in (0..<8).map { tokens(8 * batch + $0, .two, crop) } }
      return rows.enumerated().map {
        CodesDiagnosis.Entry(row: 8 * batch + $0 / 2, crop: $0 % 2, tokens: $1)
      }
    }
    let problem = try #require(diagnosis(.two, imageCount: 24).problem(of: entries))
    #expect(problem.contains("42 of 48 rows"), "\(problem)")
    #expect(problem.contains("crop 1 of row 0, which is crop 0 (two) of the image of row 1"))
    #expect(problem.contains("shuffled between images"))
  }

  @Test func cropsOfAnotherOrderOrRecipeAreFound() throws {
    func problem(_ recipe: CropRecipe, _ codes: (_ row: Int, _ crop: Int) -> [UInt16]) -> String? {
      diagnosis(recipe, imageCount: 4).problem(
        of: (0..<4).flatMap { row in
          (0..<recipe.cropCount).map { .init(row: row, crop: $0, tokens: codes(row, $0)) }
        })
    }
    #expect(problem(.ten) { tokens($0, .ten, $1) } == nil)
    // A token that differs is no other crop.
    #expect(problem(.ten) { Array(tokens($0, .ten, $1).dropLast()) + [9999] } == nil)
    let reversed = try #require(problem(.ten) { tokens($0, .ten, 9 - $1) })
    #expect(
      reversed.contains("40 of 40 rows") && reversed.contains("of other crops of their images"))
    #expect(reversed.contains("crop 0 of row 0, which is crop 9 (ten) of the image of row 0"))
    let corners = try #require(problem(.centre) { row, _ in tokens(row, .ten, 3) })
    #expect(corners.contains("by another recipe than centre"))
    let strange = try #require(problem(.centre) { row, _ in tokens(row + 100, .two, 1) })
    #expect(strange.contains("they are of another tokenizer, or of another data set"))
  }

  @Test func codesOfAnotherTokenizerAreFound() throws {
    try withTemporaryDirectory { folder in
      let files = try Files(in: folder)
      let codes = try (0..<24).map { try files.tokens($0, .centre) }
      let named = try files.report(try files.write(codes, .centre, digest: "0123"))
      #expect(
        named.problems.first?.contains("of the tokenizer 0123") == true && named.problems.count == 1
      )
      // The file says that they are of this one, and they are not.
      let strange = (0..<24).map { image -> [[UInt16]] in
        [(0..<16).map { token -> UInt16 in UInt16((token * 7 + image * 11) % 64) }]
      }
      let report = try files.report(try files.write(strange, .centre))
      #expect(
        report.problems.first?.contains("of another tokenizer, or of another data set") == true)
      #expect(report.crops[0].reproducedShare < 0.3 && !report.isSound)
    }
  }

  @Test func labelsAndOrderAreCompared() throws {
    try withTemporaryDirectory { folder in
      let files = try Files(in: folder)
      let codes = try (0..<24).map { try files.tokens($0, .centre) }
      var labels = try (0..<24).map { try files.dataset.sample(at: $0).label }
      labels[7] = (labels[7] + 1) % 5
      let report = try files.report(try files.write(codes, .centre, labels: labels))
      #expect(report.problems.count == 1)
      #expect(report.problems[0].contains("1 of 24 labels are others"))
      #expect(report.problems[0].contains("the first that of row 7: 3, where the image's is 2"))
      // Rows may stand in another order, and be fewer, if keys say so.
      let keys = try (0..<24).map { try files.dataset.sample(at: $0).key }
      labels[7] = 2
      let order = [5, 3, 20, 11]
      let some = try files.report(
        try files.write(
          order.map { codes[$0] }, .centre, keys: order.map { keys[$0] },
          labels: order.map { labels[$0] }))
      #expect(some.isSound && some.basis == .keys && some.lookedAtCount == 4, "\(some)")
      let none = #expect(throws: DataError.self) {
        try files.report(
          try files.write(Array(codes.prefix(4)), .centre, keys: ["a", "b", "c", "d"]))
      }
      #expect("\(try #require(none))".contains("there is no 'a' in it"))
    }
  }
}
