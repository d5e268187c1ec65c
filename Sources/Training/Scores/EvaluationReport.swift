import DataParallel
import Foundation

/// What the log and `metrics.jsonl` say of the scores after a step.
///
/// Figures of the moving average have no prefix, those of the weights as they are trained begin with `model_`.
/// Source: Docs/Training.md, section 4.
struct EvaluationReport {
  /// Steps that are done.
  let step: Int
  /// Of the moving average; nil where it is not scored.
  var average: Evaluation?
  /// Of the weights as they are trained; nil where they are not scored.
  var weights: Evaluation?

  init(step: Int) { self.step = step }

  private var parts: [(prefix: String, name: String, evaluation: Evaluation)] {
    [("", "", average), ("model_", " of the weights as they are trained", weights)]
      .compactMap { prefix, name, evaluation in
        guard let evaluation, !evaluation.scores.isEmpty else { return nil }
        return (prefix, name, evaluation)
      }
  }

  /// What warnings are about.
  var main: Evaluation { average ?? weights ?? .nothing }

  /// The line of `metrics.jsonl`; nil where nothing was scored.
  var record: MetricsRecord? {
    guard !parts.isEmpty else { return nil }
    var record = MetricsRecord(kind: "evaluation", step: step)
    for (prefix, _, evaluation) in parts {
      for score in evaluation.scores { record[prefix + score.name] = .number(score.value) }
      for figure in evaluation.usage.map({ CodebookReport(usage: $0).figures }) ?? [] {
        record[prefix + figure.name] = figure.value
      }
      for fact in evaluation.facts { record[fact.name] = fact.value }
      record[prefix + "weights_digest"] = evaluation.weightsDigest.map { .text($0) }
    }
    return record
  }

  /// The lines of the log.
  var texts: [String] {
    parts.map { _, name, evaluation in
      var texts = evaluation.scores.map { "\($0.name) \(String(format: "%.4g", $0.value))" }
      if let usage = evaluation.usage { texts.append(CodebookReport(usage: usage).text) }
      return "step \(step)\(name): \(texts.joined(separator: ", "))"
    }
  }

  /// What scores lack, without repetitions.
  var remarks: [String] {
    var seen: Set<String> = []
    return parts.flatMap(\.evaluation.remarks).filter { seen.insert($0).inserted }
  }
}
