package import Inference
import Reporting

/// Notices when too few codes of the codebook are used: once when that begins, and again only after it
/// had been over.
package struct UsageWarning {
  /// The share of the codes that should at least be used, in [0, 1); 0 for no warning.
  package let leastShare: Double
  /// Whether codes without use are put back into it.
  private let revives: Bool
  private var isLow = false

  /// Begins as if all had been well.
  package init(leastShare: Double, revives: Bool) {
    self.leastShare = leastShare
    self.revives = revives
  }

  /// What the log is to be told of the latest usage; nil where there is no news.
  ///
  /// Few tokens cannot use many codes: the share is that of the codes that so many tokens could use.
  package mutating func message(about usage: CodebookUsage, of source: String) -> String? {
    let usableCount = min(usage.codebookSize, usage.tokenCount)
    let wasLow = isLow
    isLow = Double(usage.usedCount) < leastShare * Double(usableCount)
    guard isLow && !wasLow else { return nil }
    let revival =
      revives
      ? "a smaller model.codebook.revive_after puts codes back into use sooner"
      : "model.codebook.revive puts codes back into use"
    return
      "\(usage.tokenCount) tokens of \(source) use \(usage.usedCount) of \(usage.codebookSize) codes, "
      + "fewer than the share \(leastShare) of log.usage_warning: \(revival), "
      + "and a larger model.codebook.entropy.weight spreads the choices"
  }
}
