package import Datasets

/// Finds out what rows of codes are of that are not of their own images and crops.
package struct CodesDiagnosis {
  /// A crop that rows are compared with.
  package struct Candidate {
    /// The row of codes that should be of its image.
    let row: Int
    let recipe: CropRecipe
    let crop: Int
    let tokens: [UInt16]

    /// A crop with its tokens.
    package init(row: Int, recipe: CropRecipe, crop: Int, tokens: [UInt16]) {
      (self.row, self.recipe, self.crop, self.tokens) = (row, recipe, crop, tokens)
    }
  }

  /// Codes of one crop as the file has them.
  package struct Entry {
    let row: Int
    let crop: Int
    let tokens: [UInt16]

    /// Tokens with their place in the file.
    package init(row: Int, crop: Int, tokens: [UInt16]) {
      (self.row, self.crop, self.tokens) = (row, crop, tokens)
    }
  }

  private enum Verdict: CaseIterable {
    case own
    case otherImage
    case otherCrop
    case otherRecipe
    case unknown
  }

  /// The recipe that the file names.
  let recipe: CropRecipe
  let candidates: [Candidate]

  /// Compares with candidates; where several are equal, the first ones count.
  package init(recipe: CropRecipe, candidates: [Candidate]) {
    (self.recipe, self.candidates) = (recipe, candidates)
  }

  /// Rows with more equal tokens than this are of one crop: those of other images agree in few.
  static let leastShare = 0.5
  /// What rounding may make of one crop's codes, as a part of its tokens.
  private static let tolerance = 0.05

  /// What is to be said about some codes; nil where all are as they should be.
  package func problem(of entries: [Entry]) -> String? {
    let found = entries.map { entry in
      let match = match(entry)
      return (entry: entry, match: match, verdict: verdict(match, entry))
    }
    let kinds = Dictionary(grouping: found) { $0.verdict }
    let worst = Verdict.allCases.filter { $0 != .own }
      .max { (kinds[$0]?.count ?? 0) < (kinds[$1]?.count ?? 0) }
    guard let worst, let cases = kinds[worst], let example = cases.first else { return nil }
    let place = "crop \(example.entry.crop) of row \(example.entry.row)"
    let part = "\(cases.count) of \(found.count) rows of codes at the beginning of the file"
    let instance =
      example.match.map { ", such as \(place), which is \(name($0))" } ?? ", such as \(place)"
    return part + explanation(of: worst, instance)
  }

  private func explanation(of verdict: Verdict, _ instance: String) -> String {
    switch verdict {
    case .otherImage:
      " are of other images than theirs\(instance). Codes are shuffled between images, as the published extraction "
        + "shuffles those of two crops in batches of more than one image: extract them anew, with batches of one or "
        + "with `restok encode`"
    case .otherCrop:
      " are of other crops of their images\(instance): extract them anew with `restok encode --crops "
        + "\(recipe.rawValue)`"
    case .otherRecipe:
      " are of crops by another recipe than \(recipe.rawValue), which the file names\(instance): extract them anew "
        + "with `restok encode`"
    case .own, .unknown:
      " are of no crop of the images around them\(instance): they are of another tokenizer, or of another data set"
    }
  }

  private func name(_ candidate: Candidate) -> String {
    "crop \(candidate.crop) (\(candidate.recipe.rawValue)) of the image of row \(candidate.row)"
  }

  private func verdict(_ match: Candidate?, _ entry: Entry) -> Verdict {
    guard let match else { return .unknown }
    guard match.row == entry.row else { return .otherImage }
    guard match.recipe == recipe else { return .otherRecipe }
    return match.crop == entry.crop ? .own : .otherCrop
  }

  /// The candidate that most tokens agree with, the right one where it is among the best; nil where none agrees in
  /// more than half.
  private func match(_ entry: Entry) -> Candidate? {
    let shares = candidates.map { Self.share(entry.tokens, $0.tokens) }
    guard let best = shares.max(), best > Self.leastShare else { return nil }
    let nearBest = zip(candidates, shares).filter { $0.1 >= best - Self.tolerance }
    let own = nearBest.first { verdict($0.0, entry) == .own }
    return own?.0 ?? nearBest.first { $0.1 == best }?.0
  }

  /// The part of tokens that are equal.
  static func share(_ tokens: some Collection<UInt16>, _ others: some Collection<UInt16>) -> Double
  {
    Double(zip(tokens, others).count { $0 == $1 }) / Double(max(tokens.count, 1))
  }
}
