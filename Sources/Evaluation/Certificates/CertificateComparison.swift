import ArrayFiles
import Foundation
public import Reporting

/// Figures of two certificates beside each other.
public struct CertificateComparison: CommandReport, Equatable {
  /// One figure of both.
  public struct Row: Encodable, Sendable, Equatable {
    /// What it is.
    public let figure: String
    /// Its means, in the order of the certificates; nil where one does not have it.
    public let values: [Double?]
  }

  /// What was measured, in the order of the certificates.
  public let subjects: [String]
  /// The figures that either has.
  public let rows: [Row]
  /// Fields of the protocols that differ and that the user passed over.
  public let allowedDifferences: [String]

  private enum CodingKeys: String, CodingKey {
    case subjects
    case rows = "figures"
    case allowedDifferences = "allowed_differences"
  }

  /// The field of the seeds.
  static let seedField = "seeds"

  /// Puts two certificates beside each other.
  ///
  /// - Parameters:
  ///   - first: One certificate.
  ///   - second: The other.
  ///   - allowed: Fields of the protocol that may differ, such as `seeds`, or all below one, such as `reference`.
  /// - Throws: `EvaluationError.unlikeProtocols`, which names every other field that differs;
  ///   `CommandError.unsupported` for an allowed field that no protocol has.
  public init(
    _ first: EvaluationCertificate, _ second: EvaluationCertificate, allowing allowed: [String] = []
  ) throws {
    try Self.requireFields(allowed, of: [first.method, second.method])
    let differences = Self.differences([first.method, second.method])
    func isAllowed(_ difference: ProtocolDifference) -> Bool {
      allowed.contains { difference.field == $0 || difference.field.hasPrefix($0 + ".") }
    }
    let refused = differences.filter { !isAllowed($0) }
    guard refused.isEmpty else { throw EvaluationError.unlikeProtocols(refused) }
    allowedDifferences = differences.map(\.description)
    subjects = [first.subject.name, second.subject.name]
    let figures = [first, second].map { certificate in
      Dictionary(
        certificate.figures.map { ($0.identity, $0.mean) }, uniquingKeysWith: { _, last in last })
    }
    let others = second.figures.map(\.identity).filter { figures[0][$0] == nil }
    rows = (first.figures.map(\.identity) + others).map { name in
      Row(figure: name, values: figures.map { $0[name] })
    }
  }

  /// The figures, a line each.
  public var description: String {
    let width = rows.map(\.figure.count).max() ?? 0
    func text(_ value: Double?) -> String { value.map { String(format: "%.6g", $0) } ?? "-" }
    let lines = rows.map { row in
      let name = row.figure.padding(toLength: width, withPad: " ", startingAt: 0)
      let known = row.values.compactMap { $0 }
      let difference = known.count == 2 ? String(format: "  (%+.4g)", known[1] - known[0]) : ""
      return "  \(name)  " + row.values.map(text).joined(separator: "  ") + difference
    }
    return
      (["\(subjects.joined(separator: " against "))"] + lines
      + allowedDifferences.map { "differs, as allowed: \($0)" }).joined(separator: "\n")
  }

  /// Refuses names that are no fields: what is misspelled would allow nothing.
  private static func requireFields(
    _ names: [String], of protocols: [MeasurementProtocol]
  ) throws(CommandError) {
    let known = MeasurementProtocol.fieldNames + protocols.flatMap { fields(of: $0).keys }
    for name in names
    where !known.contains(where: { $0 == name || $0.hasPrefix(name + ".") }) {
      throw .unsupported(
        "--allow \(VisibleText.name(name)): the protocol has no such field: it has "
          + Set(known).sorted().joined(separator: ", "))
    }
  }

  /// The fields in which protocols differ, by name.
  static func differences(_ protocols: [MeasurementProtocol]) -> [ProtocolDifference] {
    differences(protocols.map(fields))
  }

  /// The fields that do not have one value in all.
  static func differences(_ all: [[String: String]]) -> [ProtocolDifference] {
    Set(all.flatMap(\.keys)).sorted().compactMap { field in
      let values = all.map { $0[field] ?? "absent" }
      return Set(values).count > 1 ? ProtocolDifference(field: field, values: values) : nil
    }
  }

  /// The fields of a protocol by their paths, such as `reference.digest`.
  ///
  /// They are those of its JSON, so that none can be forgotten.
  static func fields(of method: MeasurementProtocol) -> [String: String] {
    guard let data = try? JSONEncoder().encode(method),
      let object = try? JSONSerialization.jsonObject(with: data)
    else { preconditionFailure("CertificateComparison: a protocol of numbers that are not finite") }
    var fields: [String: String] = [:]
    func add(_ value: Any, at path: String) {
      switch value {
      case let object as [String: Any]:
        for (key, value) in object { add(value, at: path.isEmpty ? key : "\(path).\(key)") }
      case let list as [Any]:
        fields[path] = "[" + list.map { "\($0)" }.joined(separator: ", ") + "]"
      default: fields[path] = "\(value)"
      }
    }
    add(object, at: "")
    return fields
  }
}
