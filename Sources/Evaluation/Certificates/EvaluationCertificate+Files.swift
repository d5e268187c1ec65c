import ArrayFiles
import Foundation
import Reporting

/// Certificates in files.
extension EvaluationCertificate {
  /// Reads a certificate.
  ///
  /// - Throws: `EvaluationError.noCertificate`, `FileError`.
  public init(contentsOf path: String) throws {
    do {
      let size = try claimedSize(
        FileSystem.size(of: path), field: "the file's size", of: path, atLeast: 1,
        limit: SizeLimit.manifestByteCount)
      let text = Data(try FileSystem.bytes(of: path, upTo: size))
      self = try JSONText.decode(EvaluationCertificate.self, from: text)
      if let problem = try contradiction(to: text) {
        throw EvaluationError.noCertificate(path: path, problem: problem)
      }
    } catch let error as SizeError {
      throw EvaluationError.noCertificate(path: path, problem: error.problem)
    } catch let error as DecodingError {
      throw EvaluationError.noCertificate(path: path, problem: JSONText.problem(of: error))
    }
    guard formatVersion == Self.currentFormatVersion else {
      throw EvaluationError.noCertificate(
        path: path,
        problem: "its format version is \(formatVersion), this program reads "
          + "\(Self.currentFormatVersion)")
    }
  }

  /// What the file says and the certificate does not, so that it would be passed over; nil where nothing is.
  private func contradiction(to text: Data) throws -> String? {
    let names = figures.map(\.identity)
    if let index = names.indices.first(where: { names[..<$0].contains(names[$0]) }) {
      return "the figure \(names[index]) is there twice"
    }
    let own = try JSONSerialization.jsonObject(with: JSONEncoder().encode(method))
    let file = try JSONSerialization.jsonObject(with: text) as? [String: Any]
    return Self.stranger(in: file?["protocol"], beside: own, path: "protocol").map {
      "it has the field \($0), which this version does not know and cannot compare"
    }
  }

  /// The path of a field that another object does not have.
  private static func stranger(in object: Any?, beside known: Any, path: String) -> String? {
    guard let object = object as? [String: Any], let known = known as? [String: Any] else {
      return nil
    }
    for (key, value) in object.sorted(by: { $0.key < $1.key }) where !(value is NSNull) {
      let path = "\(path).\(key)"
      guard let other = known[key] else { return path }
      if let stranger = stranger(in: value, beside: other, path: path) { return stranger }
    }
    return nil
  }

  /// Refuses a place where something stands that is no certificate, such as what is measured or a configuration.
  ///
  /// - Parameter path: The file that a certificate is to be written to; an empty one may be there.
  /// - Throws: `CommandError.unsupported`, `FileError`.
  public static func requirePlace(_ path: String) throws {
    guard FileSystem.exists(path), try FileSystem.size(of: path) > 0 else { return }
    struct Mark: Decodable {
      struct Method: Decodable {
        let revision: Int
        let kind: String
      }
      let method: Method

      enum CodingKeys: String, CodingKey {
        case method = "protocol"
      }
    }
    let text = Data(try FileSystem.bytes(of: path, upTo: SizeLimit.manifestByteCount))
    guard (try? JSONText.decode(Mark.self, from: text)) != nil else {
      throw CommandError.unsupported(
        "--output \(path): what stands there is no certificate, which would take its place: name another file"
      )
    }
  }

  /// Publishes the certificate as a file; equal certificates give equal bytes.
  ///
  /// - Throws: `FileError`; then the old file is as it was.
  public func write(to path: String) throws {
    try AtomicFile.write(try JSONText.file(of: self), to: path)
  }
}
