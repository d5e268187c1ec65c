import Foundation
import Yams

extension ConfigurationTree {
  /// Reads a YAML document.
  ///
  /// - Throws: `ConfigurationError` with a line for text that is not YAML.
  init(yaml text: String, file: String) throws(ConfigurationError) {
    let root: Node?
    do {
      root = try Self.compose(text)
    } catch {
      throw ConfigurationError(file: file, problems: [Self.problem(of: error)])
    }
    guard let root else {
      throw ConfigurationError(
        file: file,
        problems: [.init(path: "", origin: .unknown, message: "the file holds no configuration")])
    }
    var budget = NodeBudget()
    do {
      self = try Self.tree(root, &budget)
    } catch {
      throw ConfigurationError(file: file, problems: [error])
    }
  }

  /// Reads the value of an override on the command line, which is YAML too, but without comments.
  ///
  /// Of `run.name=run #7` nothing is dropped. Nil for what is no value, or has a comment behind it.
  init?(override text: String) {
    let value = text.trimmingCharacters(in: .whitespaces)
    guard YAMLLimits.problem(of: text) == nil else { return nil }
    if value.hasPrefix("#") {
      self.init(content: .scalar(value, isQuoted: true), origin: .commandLine)
      return
    }
    var budget = NodeBudget()
    guard let node = try? Yams.compose(yaml: text), let tree = try? Self.tree(node, &budget)
    else { return nil }
    let hasMark = value.contains(" #") || value.contains("\t#")
    switch tree.content {
    case .scalar(let word, isQuoted: false) where hasMark && word != value:
      self.init(content: .scalar(value, isQuoted: true), origin: .commandLine)
    case .scalar(_, isQuoted: true) where !value.hasSuffix("\"") && !value.hasSuffix("'"),
      .sequence where hasMark && !value.hasSuffix("]"),
      .mapping where hasMark && !value.hasSuffix("}"):
      return nil
    default: self = tree.written(at: .commandLine)
    }
  }

  /// Marks the first of two equal keys: the parser below refuses a mapping that has one twice, and
  /// so would hide every other problem of the file.
  private static let repeatedKeyMark = "\u{1}repeated\u{1}"

  private static func compose(_ text: String) throws -> Node? {
    if let problem = YAMLLimits.problem(of: text) { throw problem }
    var text = text
    var markedCount = 0
    while true {
      do {
        return try Yams.compose(yaml: text)
      } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
        // Every mark takes another reading of the text.
        markedCount += 1
        guard
          markedCount <= YAMLLimits.markedKeyCount, let key = keys.first,
          let marked = marking(key, at: context.mark, in: text)
        else { throw YamlError.duplicatedKeysInMapping(duplicates: keys, context: context) }
        text = marked
      }
    }
  }

  /// The text with a repeated plain key replaced by a quoted one that nothing else equals.
  private static func marking(_ key: String, at mark: Mark, in text: String) -> String? {
    var lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
      .map(String.init)
    guard lines.indices.contains(mark.line - 1) else { return nil }
    let line = lines[mark.line - 1].unicodeScalars
    guard
      let start = line.index(line.startIndex, offsetBy: mark.column - 1, limitedBy: line.endIndex),
      line[start...].starts(with: key.unicodeScalars)
    else { return nil }
    let end = line.index(start, offsetBy: key.unicodeScalars.count)
    // The line number keeps marks of a key that stands there three times apart.
    let name = "\"\\u0001repeated\\u0001\(key)\\u0001\(mark.line):\(mark.column)\""
    lines[mark.line - 1] = String(line[..<start]) + name + String(line[end...])
    return lines.joined(separator: "\n")
  }

  private static func tree(
    _ node: Node, _ budget: inout NodeBudget, depth: Int = 1
  ) throws(ConfigurationError.Problem) -> ConfigurationTree {
    let origin = Self.origin(of: node)
    try budget.take(depth: depth, origin)
    switch node {
    case .mapping(let mapping):
      var entries: [Entry] = []
      for (key, value) in mapping {
        entries.append(entry(key, try tree(value, &budget, depth: depth + 1)))
      }
      return ConfigurationTree(content: .mapping(entries), origin: origin)
    case .sequence(let sequence):
      var elements: [ConfigurationTree] = []
      for element in sequence { elements.append(try tree(element, &budget, depth: depth + 1)) }
      return ConfigurationTree(content: .sequence(elements), origin: origin)
    case .scalar(let scalar):
      let isQuoted = scalar.style != .plain && scalar.style != .any
      return ConfigurationTree(
        content: .scalar(scalar.string, isQuoted: isQuoted), origin: origin)
    case .alias(let alias):
      return ConfigurationTree(
        content: .scalar("*\(alias.anchor)", isQuoted: false), origin: origin)
    }
  }

  private static func entry(_ key: Node, _ value: ConfigurationTree) -> Entry {
    let name = key.scalar?.string ?? "a key that is no word"
    guard name.hasPrefix(repeatedKeyMark) else {
      return Entry(key: name, origin: origin(of: key), value: value)
    }
    let repeated = name.dropFirst(repeatedKeyMark.count).split(separator: "\u{1}").first
    return Entry(
      key: repeated.map(String.init) ?? "", origin: origin(of: key), isRepeated: true,
      value: value)
  }

  private static func origin(of node: Node) -> ConfigurationError.Problem.Origin {
    node.mark.map { .line($0.line) } ?? .unknown
  }

  private func written(at origin: ConfigurationError.Problem.Origin) -> ConfigurationTree {
    var copy = self
    copy.origin = origin
    switch content {
    case .mapping(let entries):
      copy.content = .mapping(
        entries.map { entry in
          Entry(
            key: entry.key, origin: origin, isRepeated: entry.isRepeated,
            value: entry.value.written(at: origin))
        })
    case .sequence(let elements):
      copy.content = .sequence(elements.map { $0.written(at: origin) })
    case .scalar: break
    }
    return copy
  }

  private static func problem(of error: any Error) -> ConfigurationError.Problem {
    switch error {
    case let problem as ConfigurationError.Problem: problem
    case YamlError.scanner(_, let problem, let mark, _),
      YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _):
      .init(path: "", origin: .line(mark.line), message: "this is not YAML: \(problem)")
    case YamlError.duplicatedKeysInMapping(let keys, let context):
      .init(
        path: "", origin: .line(context.mark.line),
        message: "the key \(keys.joined(separator: ", ")) is given twice: keep one of them")
    default:
      .init(path: "", origin: .unknown, message: "this is not YAML: \(error)")
    }
  }
}

// MARK: - Writing

extension ConfigurationTree {
  /// The tree as a YAML document: mappings in block style, lists on a line.
  func yaml(indentation: String = "") -> String {
    guard let entries else { return indentation + flowText + "\n" }
    return entries.map { entry in
      let nested = entry.value.entries
      return nested.map { !$0.isEmpty } == true
        ? "\(indentation)\(entry.key):\n" + entry.value.yaml(indentation: indentation + "  ")
        : "\(indentation)\(entry.key): \(entry.value.flowText)\n"
    }.joined()
  }

  /// The value on one line.
  var flowText: String {
    switch content {
    case .scalar(let text, isQuoted: false): text
    case .scalar(let text, isQuoted: true): Self.quoted(text)
    case .sequence(let elements): "[" + elements.map(\.flowText).joined(separator: ", ") + "]"
    case .mapping(let entries):
      "{" + entries.map { "\($0.key): \($0.value.flowText)" }.joined(separator: ", ") + "}"
    }
  }

  /// A text in double quotes, with YAML's escapes for what cannot stand in them.
  private static func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      switch scalar {
      case "\"": "\\\""
      case "\\": "\\\\"
      case "\n": "\\n"
      case "\t": "\\t"
      case _ where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value):
        String(format: "\\x%02x", scalar.value)
      default: String(scalar)
      }
    }
    return "\"" + escaped.joined() + "\""
  }
}
