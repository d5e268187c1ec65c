import ArrayFiles
import Foundation

/// The certificates of a search, each with everything that it depends on, in files named by the digest of that.
struct MeasurementFolder {
  let path: String

  private struct Measurement: Codable {
    var facts: [String: String]
    var certificate: EvaluationCertificate
  }

  /// What was measured of some facts; nil where nothing was.
  ///
  /// - Throws: `EvaluationError.damagedMeasurement`, `FileError`.
  func certificate(of facts: [String: String]) throws -> EvaluationCertificate? {
    let file = file(of: facts)
    guard FileSystem.exists(file) else { return nil }
    let text = Data(try FileSystem.bytes(of: file, upTo: 1 << 24))
    guard let measurement = try? JSONText.decode(Measurement.self, from: text),
      measurement.facts == facts
    else { throw EvaluationError.damagedMeasurement(path: file) }
    return measurement.certificate
  }

  /// Keeps a certificate.
  ///
  /// - Throws: `FileError`.
  func write(_ certificate: EvaluationCertificate, of facts: [String: String]) throws {
    try AtomicFile.write(
      try JSONText.file(of: Measurement(facts: facts, certificate: certificate)),
      to: file(of: facts))
  }

  private func file(of facts: [String: String]) -> String {
    var digest = ContentDigest()
    for (name, value) in facts.sorted(by: { $0.key < $1.key }) {
      digest.update(Array("\(name)=\(value)\n".utf8))
    }
    return "\(path)/\(digest.hexadecimal).json"
  }
}
