import Foundation

extension Codec where Value == Int {
  /// A decimal integer in a range.
  static func integer(in range: ClosedRange<Int>) -> Codec {
    .leaf(
      "an integer from \(range.lowerBound) to \(range.upperBound)",
      parse: { tree in
        tree.word.flatMap { Int($0) }.flatMap { range.contains($0) ? $0 : nil }
      },
      write: { .scalar(String($0), isQuoted: false) })
  }

  /// A number of steps, at least 1 or another least number.
  ///
  /// With the largest batch, 2^32 samples, the product still fits: samples are numbered through.
  static func stepCount(from least: Int = 1) -> Codec { .integer(in: least...1_000_000_000) }

  /// A number of layers, each of which is made one by one.
  static var layerCount: Codec { .integer(in: 1...1024) }

  /// A size of a model, small enough that products of two sizes do not overflow.
  static var size: Codec { .integer(in: 1...1_048_576) }
}

extension Codec where Value == UInt64 {
  /// The seed of all randomness of a run.
  static var seed: Codec {
    .leaf(
      "an integer of at least 0", parse: { tree in tree.word.flatMap { UInt64($0) } },
      write: { .scalar(String($0), isQuoted: false) })
  }
}

extension Codec where Value == Bool {
  /// The word true or false.
  static var boolean: Codec {
    .leaf(
      "true or false", parse: { tree in tree.word.flatMap { Bool($0) } },
      write: { .scalar(String($0), isQuoted: false) })
  }
}

extension Codec where Value == String {
  /// A text that is not empty: a path or a name.
  static func text(_ expectation: String) -> Codec {
    .leaf(
      expectation,
      parse: { tree in
        guard case .scalar(let text, let isQuoted) = tree.content, !text.isEmpty else { return nil }
        return !isQuoted && ["~", "null"].contains(text) ? nil : text
      },
      write: { Codec.scalar($0) })
  }

  /// A text as a scalar: in quotes unless it is a plain word of harmless characters.
  static func scalar(_ text: String) -> ConfigurationTree.Content {
    let isHarmless = text.unicodeScalars.allSatisfy { scalar in
      ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
        || "_./-".unicodeScalars.contains(scalar)
    }
    let reserved = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "none"]
    let looksLikeAnotherType =
      Double(text) != nil || reserved.contains(text.lowercased()) || text.hasPrefix("-")
      || text.hasPrefix(".")
    let isPlain = isHarmless && !looksLikeAnotherType
    return .scalar(text, isQuoted: !isPlain)
  }
}

/// The range of a number.
enum NumberRange: String {
  case positive = "a number above 0"
  case notNegative = "a number of at least 0"
  /// Probabilities that leave something over, and decay rates.
  case belowOne = "a number from 0 to below 1"
  /// Scales of a crop: a smaller one would resize the image to a hundred times the model's size.
  case upToOne = "a number from 0.01 to 1"
  /// Waits, 31 years at most: nanoseconds are counted in 64 bits.
  case seconds = "a number above 0, at most 1000000000"

  func contains(_ value: Double) -> Bool {
    guard value.isFinite else { return false }
    return switch self {
    case .positive: value > 0
    case .notNegative: value >= 0
    case .belowOne: value >= 0 && value < 1
    case .upToOne: value >= 0.01 && value <= 1
    case .seconds: value > 0 && value <= 1e9
    }
  }
}

extension Codec where Value: BinaryFloatingPoint & LosslessStringConvertible {
  /// A decimal number in a range.
  static func number(_ range: NumberRange) -> Codec {
    .leaf(
      range.rawValue,
      parse: { tree in
        // Only decimal notation: Swift would also read hexadecimal numbers, "inf" and "nan".
        guard
          let text = tree.word, text.allSatisfy({ "0123456789+-.eE".contains($0) }),
          let value = Value(text), range.contains(Double(value))
        else { return nil }
        return value
      },
      write: { value in
        // YAML 1.1 readers take "1e-05" for a text: a number needs a point.
        let text = String(value)
        let hasPoint = text.contains(".")
        let exponent = text.firstIndex(of: "e")
        guard !hasPoint, let exponent else { return .scalar(text, isQuoted: false) }
        return .scalar(text[..<exponent] + ".0" + text[exponent...], isQuoted: false)
      })
  }
}

extension Codec where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of the words that the type lists.
  ///
  /// - Parameter refused: Words that are known but cannot be used, with the reason.
  /// - Returns: A codec that suggests the nearest word for a mistyped one.
  static func choice(refused: [String: String] = [:]) -> Codec {
    let words = Value.allCases.map(\.rawValue)
    let expectation =
      words.count == 1 ? words[0] : "one of \(words.joined(separator: ", "))"
    return Codec(
      expectation: expectation, keys: [],
      read: { tree, path, problems in
        if let value = tree.word.flatMap(Value.init(rawValue:)) { return value }
        if let word = tree.word, let reason = refused[word] {
          problems.add(path, tree.origin, "expected \(expectation), found \"\(word)\": \(reason)")
          return nil
        }
        let hint = tree.word.flatMap { nearestName(to: $0, among: words) }
        problems.add(
          path, tree.origin,
          "expected \(expectation), found \(tree.found)"
            + (hint.map { "; did you mean \($0)?" } ?? ""))
        return nil
      },
      write: { .init(content: .scalar($0.rawValue, isQuoted: false)) })
  }
}

extension Codec {
  /// A list of values of one kind, of a fixed length when `count` is given.
  static func list<Element>(_ element: Codec<Element>, count: Int? = nil) -> Codec
  where Value == [Element] {
    let length = count.map { "\($0) values" } ?? "at least one value"
    let expectation = "a list of \(length), each \(element.expectation)"
    return Codec(
      expectation: expectation, keys: [],
      read: { tree, path, problems in
        guard
          case .sequence(let trees) = tree.content,
          count.map({ $0 == trees.count }) ?? !trees.isEmpty
        else {
          problems.add(path, tree.origin, "expected \(expectation), found \(tree.found)")
          return nil
        }
        let values = trees.enumerated().map { index, tree in
          element.read(tree, "\(path)[\(index)]", problems)
        }
        let read = values.compactMap { $0 }
        return read.count == values.count ? read : nil
      },
      write: { .init(content: .sequence($0.map(element.write))) })
  }

  /// A value, or a word that stands for none.
  static func optional<Wrapped>(_ codec: Codec<Wrapped>, none word: String) -> Codec
  where Value == Wrapped? {
    Codec(
      expectation: "\(codec.expectation), or the word \(word)", keys: codec.keys,
      read: { tree, path, problems in
        if tree.word == word { return .some(nil) }
        // A section reports what is wrong inside; of anything else the word is mentioned too.
        if tree.entries != nil { return codec.read(tree, path, problems).map { .some($0) } }
        let trial = ProblemCollector(knownPaths: [])
        if let value = codec.read(tree, path, trial) { return .some(value) }
        problems.add(
          path, tree.origin,
          "expected \(codec.expectation), or the word \(word), found \(tree.found)")
        return nil
      },
      write: { value in
        value.map(codec.write) ?? .init(content: .scalar(word, isQuoted: false))
      })
  }
}
