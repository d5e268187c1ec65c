public import Foundation

/// JSON in files.
public enum JSONText {
  /// The bytes of a file for people and programs: keys in their order, a line each; equal values give equal bytes.
  ///
  /// - Throws: `EncodingError`, as for a number that is not finite.
  public static func file(of value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
  }

  /// Decodes a value that comes from outside.
  ///
  /// Foundation's decoder, with a line break behind the text: to say where a mistake is, the decoder
  /// looks at the byte behind it, and ends the process when the text ends there, as after the 513th of
  /// nested brackets.
  ///
  /// - Parameters:
  ///   - type: The value's type.
  ///   - text: The text, as UTF-8.
  /// - Returns: The value.
  /// - Throws: `DecodingError`, also for more than 512 levels of nesting.
  public static func decode<Value: Decodable>(_ type: Value.Type, from text: Data) throws -> Value {
    try JSONDecoder().decode(type, from: text + [UInt8(ascii: "\n")])
  }

  /// What is wrong with a text that could not be decoded, and where, in plain words.
  public static func problem(of error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context):
      "the field '\(place(context.codingPath + [key]))' is missing"
    case .valueNotFound(_, let context):
      "the field '\(place(context.codingPath))' has no value"
    case .typeMismatch(_, let context), .dataCorrupted(let context):
      (context.codingPath.isEmpty ? "" : "the field '\(place(context.codingPath))': ")
        + sentence(context.debugDescription)
    @unknown default: "\(error)"
    }
  }

  /// The path of a field, such as `figures[1].values`.
  private static func place(_ path: [any CodingKey]) -> String {
    path.reduce(into: "") { text, key in
      text += key.intValue.map { "[\($0)]" } ?? (text.isEmpty ? "" : ".") + key.stringValue
    }
  }

  /// A sentence of the decoder's, as a part of another.
  private static func sentence(_ text: String) -> String {
    let text = text.hasSuffix(".") ? String(text.dropLast()) : text
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}
