/// How often each code occurs at each position of token sequences, and so in each level.
///
/// Counts are whole numbers: they are the same for any order of the samples, and so for any number of
/// lanes and ranks. Source: Docs/Training.md, section 6.
public struct TokenUsage: Sendable, Equatable {
  /// The positions of each level, coarse to fine.
  public let levels: [Range<Int>]
  /// The usage of the codebook at each position.
  public private(set) var positions: [CodebookUsage]

  /// Usage without tokens.
  ///
  /// - Parameters:
  ///   - codebookSize: Codes that there are.
  ///   - levels: The positions of each level; they follow one another, from 0.
  /// - Precondition: There is a position, and the codebook has a code.
  public init(codebookSize: Int, levels: [Range<Int>]) {
    let count = levels.last?.upperBound ?? 0
    precondition(
      levels.flatMap { $0 } == Array(0..<count) && count > 0,
      "TokenUsage: levels \(levels) do not follow one another")
    self.levels = levels
    positions = [CodebookUsage](
      repeating: CodebookUsage(codebookSize: codebookSize), count: count)
  }

  /// Tokens of a sample.
  public var positionCount: Int { positions.count }

  /// The usage over all positions.
  public var total: CodebookUsage { usage(of: 0..<positionCount) }

  /// The usage of each level, coarse to fine.
  public var byLevel: [CodebookUsage] { levels.map(usage) }

  /// Adds the tokens of samples, one sample after the other.
  ///
  /// - Precondition: The samples are whole, and every token is below the codebook's size.
  public mutating func add(_ tokens: [UInt16]) {
    precondition(
      tokens.count.isMultiple(of: positionCount),
      "TokenUsage: \(tokens.count) tokens are no samples of \(positionCount)")
    for (index, token) in tokens.enumerated() { positions[index % positionCount].add(Int(token)) }
  }

  /// Puts other counts in the place of a position's, such as the sums over ranks.
  ///
  /// - Precondition: There are as many as codes, and none is negative.
  public mutating func setCounts(_ counts: [Int], at position: Int) {
    let size = positions[position].codebookSize
    precondition(counts.count == size, "TokenUsage: \(counts.count) counts of \(size) codes")
    positions[position] = CodebookUsage(counts: counts)
  }

  private func usage(of range: Range<Int>) -> CodebookUsage {
    positions[range].dropFirst().reduce(into: positions[range.lowerBound]) { $0.merge($1) }
  }
}
