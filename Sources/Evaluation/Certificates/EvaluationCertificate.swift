import ArrayFiles
import Foundation
import Inference
public import Reporting

/// Figures with everything that they depend on.
///
/// Source: Docs/Evaluation.md, section 7.
public struct EvaluationCertificate: CommandReport, Codable, Equatable {
  /// The layout of the file.
  public static let currentFormatVersion = 1

  /// The layout of this certificate's file.
  public var formatVersion = currentFormatVersion
  /// How the figures were made.
  public var method: MeasurementProtocol
  /// What was measured.
  public var subject: MeasuredSubject
  /// The figures.
  public var figures: [Figure]
  /// Figures that cannot be had, and why.
  public var unavailable: [UnavailableFigure]
  /// What to bear in mind with the figures.
  public var warnings: [String]
  /// Versions of libraries and kernels, threads and instruction set, on which the last digits depend.
  public var program: [String: String]

  private enum CodingKeys: String, CodingKey {
    case formatVersion = "format_version"
    case method = "protocol"
    case subject
    case figures
    case unavailable
    case warnings
    case program
  }

  /// A certificate of this program.
  ///
  /// - Throws: `EvaluationError.notFinite` for a figure that is no finite number.
  init(
    method: MeasurementProtocol, subject: MeasuredSubject, figures: [Figure],
    unavailable: [UnavailableFigure], warnings: [String]
  ) throws(EvaluationError) {
    (self.method, self.subject, self.figures) = (method, subject, figures)
    (self.unavailable, self.warnings) = (unavailable, warnings)
    program = SharedOutput.programFacts
    try requireFiniteFigures()
  }

  /// The figure of a name; of a curve its last one.
  public func value(_ name: String, keptTokenCount: Int? = nil) -> Double? {
    figures.last {
      $0.name == name && $0.level == nil
        && (keptTokenCount == nil || $0.keptTokenCount == keptTokenCount)
    }?.mean
  }

  /// Certificates of the same measurement with other seeds as one, whose figures have a mean and a deviation.
  ///
  /// - Parameter certificates: At least one.
  /// - Returns: The first one with the values, the seeds and the digests of all.
  /// - Throws: `EvaluationError.unlikeMeasurements` where anything but the seeds and the images differs;
  ///   `EvaluationError.notFinite` where a mean or a deviation of all is no finite number.
  public static func combined(_ certificates: [EvaluationCertificate]) throws(EvaluationError)
    -> EvaluationCertificate
  {
    guard var all = certificates.first else {
      preconditionFailure("EvaluationCertificate: nothing to combine")
    }
    let differences =
      CertificateComparison.differences(certificates.map(\.method)).filter {
        $0.field != CertificateComparison.seedField
      } + CertificateComparison.differences(certificates.map(\.subject.fieldsOfAllSeeds))
    guard differences.isEmpty else { throw .unlikeMeasurements(differences) }
    for other in certificates.dropFirst() {
      guard all.figures.map(\.identity) == other.figures.map(\.identity) else {
        throw .unlikeMeasurements([
          ProtocolDifference(
            field: "figures",
            values: [all, other].map { $0.figures.map(\.identity).joined(separator: ", ") })
        ])
      }
      for index in all.figures.indices { all.figures[index].values += other.figures[index].values }
      all.method.seeds += other.method.seeds
      all.warnings += other.warnings.filter { !all.warnings.contains($0) }
    }
    all.subject = .ofAllSeeds(certificates.map(\.subject))
    try all.requireFiniteFigures()
    return all
  }

  private func requireFiniteFigures() throws(EvaluationError) {
    for figure in figures where !figure.isFinite {
      throw .notFinite(set: "the figure \(figure.identity)")
    }
  }
}

extension EvaluationCertificate {
  /// The figures, a line each, what cannot be had, and how they were made.
  public var description: String {
    var lines = ["\(method.kind) of \(method.imageCount) images: \(subject.name)"]
    let width = figures.map(\.identity.count).max() ?? 0
    lines += figures.map { figure in
      let name = figure.identity.padding(toLength: width, withPad: " ", startingAt: 0)
      let deviation = figure.deviation.map { String(format: " ± %.4g", $0) } ?? ""
      return "  \(name)  " + String(format: "%.6g", figure.mean) + deviation
    }
    lines += unavailable.map { "not available: \($0.name): \($0.reason)" }
    lines += warnings.map { "bear in mind: \($0)" }
    lines += CertificateComparison.fields(of: method).sorted { $0.key < $1.key }.map {
      "by \($0.key): \($0.value)"
    }
    return lines.joined(separator: "\n")
  }
}
