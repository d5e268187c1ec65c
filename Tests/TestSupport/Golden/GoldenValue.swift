/// A value of JSON whose numbers are exactly those of the text.
public enum GoldenValue: Decodable, Sendable, Equatable {
  /// An object.
  case object([String: GoldenValue])
  /// A list.
  case list([GoldenValue])
  /// A number.
  case number(Double)
  /// A text.
  case text(String)
  /// True or false.
  case flag(Bool)
  /// No value.
  case null

  /// Reads any value.
  public init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let flag = try? value.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else if let list = try? value.decode([GoldenValue].self) {
      self = .list(list)
    } else {
      self = .object(try value.decode([String: GoldenValue].self))
    }
  }

  /// The value of a key; nil where there is none, or this is no object.
  public subscript(key: String) -> GoldenValue? {
    guard case .object(let values) = self else { return nil }
    return values[key]
  }

  /// The keys and values of an object; none of anything else.
  public var fields: [String: GoldenValue] {
    guard case .object(let values) = self else { return [:] }
    return values
  }

  /// The values of a list; none of anything else.
  public var elements: [GoldenValue] {
    guard case .list(let values) = self else { return [] }
    return values
  }

  /// The number; nil of anything else.
  public var number: Double? {
    guard case .number(let value) = self else { return nil }
    return value
  }
}
