/// The digest that a text carries of itself: 16 hexadecimal digits, computed with 16 zeros in their
/// place.
///
/// Working on the bytes and not on the values finds every change, and does not depend on how a version
/// of an encoder spaces its output.
package enum EmbeddedDigest {
  /// What stands in the place of the digest while it is computed.
  package static let placeholder = String(repeating: "0", count: 16)

  /// The digest of a text with the placeholder in the place of its own digest.
  ///
  /// - Parameters:
  ///   - text: The bytes of the text.
  ///   - digest: The digest that it carries.
  /// - Returns: The digest, or nil where the text does not carry `digest` exactly once.
  package static func value(of text: [UInt8], without digest: String) -> String? {
    let own = Array(digest.utf8)
    guard own.count == placeholder.utf8.count, let place = places(of: own, in: text).only else {
      return nil
    }
    var content = text
    content.replaceSubrange(place..<place + own.count, with: placeholder.utf8)
    return content.withUnsafeBytes { ContentDigest.of($0).hexadecimal }
  }

  /// Whether a text is as it was when it got its digest.
  package static func isRight(_ digest: String, of text: [UInt8]) -> Bool {
    value(of: text, without: digest) == digest
  }

  private static func places(of pattern: [UInt8], in text: [UInt8]) -> [Int] {
    guard text.count >= pattern.count, let first = pattern.first else { return [] }
    return (0...text.count - pattern.count).filter {
      text[$0] == first && text[$0..<$0 + pattern.count].elementsEqual(pattern)
    }
  }
}

extension Array {
  /// The element, where there is exactly one.
  fileprivate var only: Element? { count == 1 ? self[0] : nil }
}
