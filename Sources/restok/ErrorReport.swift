import ArgumentParser
import ArrayFiles
import Foundation

/// What the program says about the error that ends it.
struct ErrorReport {
  /// The exit status.
  let status: ExitStatus
  private let text: String
  /// Whether every rank is sure to have the same error: mistakes on the command line, and a wrong number
  /// of ranks.
  private let isOfAllRanks: Bool

  init(_ error: any Error) {
    status = ExitStatus(of: error)
    let isMistake = Restok.exitCode(for: error) == .validationFailure
    isOfAllRanks = status == .done || isMistake || error is WorldError
    switch error {
    case is ExitStatusError: text = ""
    case _ where status == .done || isMistake:
      // Help, the version, and mistakes on the command line, with the usage of the command.
      text = Restok.fullMessage(for: error)
    default: text = "error: \(error)"
    }
  }

  /// Writes the message once for all ranks: help to the output, everything else to the errors.
  ///
  /// What every rank is sure to have is written by rank 0 alone, and the others wait for it: the launcher
  /// ends all ranks when the first leaves with an error, and rank 0 may be the last to start. Of the rest
  /// most happens on every rank alike: rank 0 writes at once, and its end takes the others with it; a rank
  /// that is alone with its error writes a moment later.
  ///
  /// - Parameter rank: The rank of this process; nil when there is only one.
  /// - Returns: The status to exit with.
  func write(rank: Int?) -> ExitStatus {
    let isFirst = (rank ?? 0) == 0
    guard !text.isEmpty else { return status }
    if !isFirst, status != .done { Thread.sleep(forTimeInterval: isOfAllRanks ? 10 : 1.5) }
    guard isFirst || !isOfAllRanks else { return status }
    let prefix = isFirst ? "" : "rank \(rank ?? 0): "
    let stream: StandardStream = status == .done ? .output : .error
    stream.writeIfPossible(VisibleText.lines(prefix + text) + "\n")
    return status
  }
}
