import Foundation

/// How often each code of a codebook occurs in tokens.
///
/// Counts are whole numbers, so ranks may add theirs in any order.
/// Source: Docs/Training.md, section 4.
public struct CodebookUsage: Sendable, Equatable {
  /// Occurrences by code.
  public private(set) var counts: [Int]

  /// Usage without tokens.
  ///
  /// - Precondition: The codebook has a code.
  public init(codebookSize: Int) {
    self.init(counts: [Int](repeating: 0, count: codebookSize))
  }

  /// Usage with given occurrences, such as the sum over ranks.
  ///
  /// - Precondition: There is a code, and no count is negative.
  public init(counts: [Int]) {
    precondition(
      !counts.isEmpty && counts.allSatisfy { $0 >= 0 },
      "CodebookUsage: \(counts.count) counts, the least \(counts.min() ?? 0)")
    self.counts = counts
  }

  /// The number of codes that there are.
  public var codebookSize: Int { counts.count }
  /// The number of tokens.
  public var tokenCount: Int { counts.reduce(0, +) }
  /// The number of codes that occur.
  public var usedCount: Int { counts.count { $0 > 0 } }
  /// The part of the codes that occur, in [0, 1].
  public var usedShare: Double { Double(usedCount) / Double(codebookSize) }

  /// The entropy of the codes' frequencies in bits; 0 without tokens.
  ///
  ///     −Σ p · log2 p, over the codes that occur
  ///
  /// At most log2 of the codebook's size, where all codes are equally frequent.
  public var entropy: Double {
    let total = Double(tokenCount)
    // 0 - x instead of -x: no negative zero for a single code.
    return 0
      - counts.reduce(0) { sum, count in
        guard count > 0 else { return sum }
        let share = Double(count) / total
        return sum + share * log2(share)
      }
  }

  /// The entropy in bits as the authors' program computes it; 0 without tokens.
  ///
  ///     −Σ p · log2(p + 1e-8)
  ///
  /// Source: Docs/Evaluation.md, section 5.
  public var publishedEntropy: Double {
    let total = Double(tokenCount)
    return 0
      - counts.reduce(0) { sum, count in
        guard count > 0 else { return sum }
        let share = Double(count) / total
        return sum + share * log2(share + 1e-8)
      }
  }

  /// The number of equally frequent codes that have the same entropy; 1 without tokens.
  ///
  ///     2 ^ entropy
  public var perplexity: Double { exp2(entropy) }

  /// Adds a token.
  ///
  /// - Precondition: It is below the codebook's size.
  public mutating func add(_ token: Int) {
    precondition(
      token >= 0 && token < codebookSize, "CodebookUsage: code \(token) of \(codebookSize)")
    counts[token] += 1
  }

  /// Adds the tokens of another usage, such as another rank's.
  ///
  /// - Precondition: Both codebooks have one size.
  public mutating func merge(_ other: CodebookUsage) {
    precondition(
      codebookSize == other.codebookSize,
      "CodebookUsage: codebooks of \(codebookSize) and \(other.codebookSize)")
    for index in counts.indices { counts[index] += other.counts[index] }
  }
}
