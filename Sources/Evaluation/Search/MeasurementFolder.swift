import ArrayFiles
import Foundation

/// The certificates of a search, each with everything that it depends on, in files named by the digest of that.
///
/// A file carries a digest of itself, so that none is believed that was changed.
struct MeasurementFolder {
  let path: String

  private struct Measurement: Codable {
    var facts: [String: String]
    var certificate: EvaluationCertificate
    var digest = EmbeddedDigest.placeholder

    private enum CodingKeys: String, CodingKey {
      case facts
      case certificate
      case digest = "measurement_digest"
    }
  }

  /// What was measured of some facts; nil where nothing was.
  ///
  /// - Throws: `EvaluationError.damagedMeasurement`, `FileError`.
  func certificate(of facts: [String: String]) throws -> EvaluationCertificate? {
    let file = file(of: facts)
    guard FileSystem.exists(file) else { return nil }
    let text = try FileSystem.bytes(of: file, upTo: 1 << 24)
    guard let measurement = try? JSONText.decode(Measurement.self, from: Data(text)),
      measurement.facts == facts, EmbeddedDigest.isRight(measurement.digest, of: text)
    else { throw EvaluationError.damagedMeasurement(path: file) }
    return measurement.certificate
  }

  /// Keeps a certificate.
  ///
  /// - Throws: `FileError`.
  func write(_ certificate: EvaluationCertificate, of facts: [String: String]) throws {
    var measurement = Measurement(facts: facts, certificate: certificate)
    measurement.digest = try JSONText.file(of: measurement).withUnsafeBytes {
      ContentDigest.of($0).hexadecimal
    }
    try AtomicFile.write(try JSONText.file(of: measurement), to: file(of: facts))
  }

  private func file(of facts: [String: String]) -> String {
    var digest = ContentDigest()
    for (name, value) in facts.sorted(by: { $0.key < $1.key }) {
      digest.update(Array("\(name)=\(value)\n".utf8))
    }
    return "\(path)/\(digest.hexadecimal).json"
  }
}
