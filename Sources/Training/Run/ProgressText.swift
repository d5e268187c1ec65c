import Foundation
import Reporting

/// How the progress report writes its figures.
package enum ProgressText {
  /// The line of a step, with as many of its figures as there is room for.
  ///
  /// - Parameters:
  ///   - progress: The step.
  ///   - stepCount: Steps of the whole run.
  ///   - pace: The pace of the last steps.
  ///   - utilization: The share of the machine's rate that the model's operations reach; nil when
  ///     the rate was not measured.
  ///   - width: The number of columns; nil for any number.
  /// - Returns: The line, at most `width` characters.
  package static func line(
    _ progress: StepProgress, stepCount: Int, pace: PaceWindow, utilization: Double? = nil,
    width: Int? = nil
  ) -> String {
    let remaining = pace.secondsPerStep.map { $0 * Double(max(0, stepCount - progress.step)) }
    // In the order of the line, with the rank in which figures leave a line that is too long.
    var pieces: [(text: String, leaves: Int)] = [
      ("step \(progress.step)/\(stepCount)", 7),
      ("loss \(FigureText.significant(progress.loss))", 6),
      ("learning rate \(FigureText.significant(progress.learningRate))", 1),
      ("gradient \(FigureText.significant(progress.gradientNorm))", 3),
      ("data wait \(percent(pace.dataWaitShare))", 2),
      (progress.exchangeSeconds.map { _ in "exchange \(percent(pace.exchangeShare))" } ?? "", 2),
      (progress.optimizerSeconds.map { _ in "optimizer \(percent(pace.optimizerShare))" } ?? "", 2),
      ("\(FigureText.significant(pace.samplesPerSecond)) samples/s", 4),
      ("\(duration(remaining)) left", 5),
    ]
    if let utilization {
      pieces.insert(("utilisation \(percent(utilization))", 0), at: pieces.count - 1)
    }
    pieces.removeAll(where: \.text.isEmpty)
    func joined() -> String { pieces.map(\.text).joined(separator: "  ") }
    guard let width else { return joined() }
    while pieces.count > 1, joined().count > width {
      let first = pieces.map(\.leaves).min()
      pieces.removeAll { $0.leaves == first }
    }
    return String(joined().prefix(width))
  }

  /// A share in [0, 1] in percent.
  package static func percent(_ share: Double?) -> String {
    guard let share, share.isFinite else { return "?" }
    return "\(Int((share * 100).rounded())) %"
  }

  /// A time as `42 s`, `12:34` (minutes), `1:02:03` (hours) or `3 d 04 h`.
  package static func duration(_ seconds: Double?) -> String {
    guard let seconds, seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "?" }
    let whole = Int(seconds.rounded(.up))
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    if whole < 60 { return "\(whole) s" }
    if hours == 0 { return String(format: "%d:%02d", minutes, rest) }
    if hours < 48 { return String(format: "%d:%02d:%02d", hours, minutes, rest) }
    return String(format: "%d d %02d h", hours / 24, hours % 24)
  }
}
