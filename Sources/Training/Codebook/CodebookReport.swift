package import Inference
package import Reporting

/// The use of the codebook as runs report it: overall, by level and by position.
///
/// Source: Docs/Training.md, section 6.
package struct CodebookReport {
  /// How often each code occurs, by position.
  package let usage: TokenUsage

  /// Reports a usage.
  package init(usage: TokenUsage) { self.usage = usage }

  /// The figures in the order of their lines in `metrics.jsonl`.
  package var figures: [(name: String, value: MetricValue)] {
    let total = usage.total
    var figures: [(String, MetricValue)] = [
      ("codes_used", .integer(total.usedCount)), ("codes_used_share", .number(total.usedShare)),
      ("code_perplexity", .number(total.perplexity)),
      ("code_entropy_bits", .number(total.entropy)),
    ]
    for (level, usage) in usage.byLevel.enumerated() {
      figures += [
        ("level_\(level)_codes_used_share", .number(usage.usedShare)),
        ("level_\(level)_code_perplexity", .number(usage.perplexity)),
        ("level_\(level)_code_entropy_bits", .number(usage.entropy)),
      ]
    }
    // There are up to 256 positions: single precision keeps the line short.
    return figures + [
      ("position_codes_used_share", .singles(usage.positions.map { Float($0.usedShare) })),
      ("position_code_perplexity", .singles(usage.positions.map { Float($0.perplexity) })),
      ("position_code_entropy_bits", .singles(usage.positions.map { Float($0.entropy) })),
    ]
  }

  /// The figures of the whole and of the levels as a line of the log.
  package var text: String {
    let (total, levels) = (usage.total, usage.byLevel)
    func list(_ figure: (CodebookUsage) -> Double) -> String {
      levels.map { FigureText.significant(figure($0)) }.joined(separator: ", ")
    }
    return
      "codebook: \(total.usedCount) of \(total.codebookSize) codes used "
      + "(\(FigureText.significant(100 * total.usedShare)) %), perplexity "
      + "\(FigureText.significant(total.perplexity)), entropy "
      + "\(FigureText.significant(total.entropy)) bits; by level, % used: "
      + "\(list { 100 * $0.usedShare }); perplexity: \(list(\.perplexity)); "
      + "entropy: \(list(\.entropy))"
  }
}
