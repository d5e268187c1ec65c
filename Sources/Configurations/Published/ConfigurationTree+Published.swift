extension ConfigurationTree {
  /// References to references that are followed.
  private static let referenceLimit = 8

  /// The tree as this program's own files would be written: words of Python and references replaced.
  ///
  /// The published files write `True`, `None` and `10_000`, and `${model.vq_model.codebook_size}` for the
  /// value of another key (OmegaConf). What refers to nothing, or to a section, stays as it is, and is no
  /// value where one is needed.
  func publishedValues() -> ConfigurationTree { publishedValues(root: self) }

  private func publishedValues(root: ConfigurationTree) -> ConfigurationTree {
    var copy = self
    switch content {
    case .mapping(let entries):
      copy.content = .mapping(
        entries.map { entry in
          var entry = entry
          entry.value = entry.value.publishedValues(root: root)
          return entry
        })
    case .sequence(let elements):
      copy.content = .sequence(elements.map { $0.publishedValues(root: root) })
    case .scalar(let text, let isQuoted):
      let (text, isQuoted) = root.value(of: text, isQuoted: isQuoted)
      copy.content = Self.published(text, isQuoted: isQuoted)
    }
    return copy
  }

  /// What a text stands for, with the references in it followed.
  private func value(of text: String, isQuoted: Bool) -> (text: String, isQuoted: Bool) {
    var (text, isQuoted) = (text, isQuoted)
    for _ in 0..<Self.referenceLimit {
      guard text.hasPrefix("${"), text.hasSuffix("}") else { break }
      let path = text.dropFirst(2).dropLast().split(separator: ".")
      guard case .scalar(let next, let isNextQuoted)? = node(at: path.map(String.init))?.content
      else { break }
      (text, isQuoted) = (next, isNextQuoted)
    }
    return (text, isQuoted)
  }

  /// What stands under keys, one within the other.
  func node(at path: [String]) -> ConfigurationTree? {
    path.reduce(self as ConfigurationTree?) { tree, key in
      tree?.entries?.last { $0.key == key }?.value
    }
  }

  /// A scalar as this program writes it: JSON has quotes round words, which stay round what would be
  /// something else without them.
  private static func published(_ text: String, isQuoted: Bool) -> Content {
    guard isQuoted else { return .scalar(plain(text), isQuoted: false) }
    return .scalar(text, isQuoted: text.isEmpty || isJSONValue(plain(text)))
  }

  /// A word of Python or a number with underscores as this program writes it.
  private static func plain(_ word: String) -> String {
    switch word {
    case "True", "TRUE": return "true"
    case "False", "FALSE": return "false"
    case "None", "~", "", "Null", "NULL": return "null"
    default:
      let isNumber = word.first.map { $0.isASCII && ($0.isNumber || $0 == "-") } == true
      return isNumber ? word.filter { $0 != "_" } : word
    }
  }

  /// The tree as JSON, over several lines.
  ///
  /// Quoted scalars are texts, and so are others that are neither numbers nor `true`, `false`, `null`.
  func json(indentation: String = "") -> String {
    let inner = indentation + "    "
    switch content {
    case .scalar(let text, let isQuoted):
      return !isQuoted && Self.isJSONValue(text) ? text : Self.jsonText(text)
    case .sequence(let elements):
      return "[" + elements.map { $0.json(indentation: inner) }.joined(separator: ", ") + "]"
    case .mapping(let entries):
      let lines = entries.map {
        "\(inner)\(Self.jsonText($0.key)): \($0.value.json(indentation: inner))"
      }
      return "{\n" + lines.joined(separator: ",\n") + "\n\(indentation)}"
    }
  }

  private static func isJSONValue(_ word: String) -> Bool {
    ["true", "false", "null"].contains(word)
      || word.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil
  }

  private static func jsonText(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      switch scalar {
      case "\"": "\\\""
      case "\\": "\\\\"
      case _ where scalar.value < 0x20:
        "\\u" + String(repeating: "0", count: scalar.value < 0x10 ? 3 : 2)
          + String(scalar.value, radix: 16)
      default: String(scalar)
      }
    }
    return "\"" + escaped.joined() + "\""
  }
}
