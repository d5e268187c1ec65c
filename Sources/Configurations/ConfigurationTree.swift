/// A configuration before its keys have a meaning: mappings, sequences and scalars, each with the
/// place where it was written.
struct ConfigurationTree {
  /// A key of a mapping with its value.
  struct Entry {
    /// The key as written.
    var key: String
    /// Where the key was written.
    var origin: ConfigurationError.Problem.Origin
    /// Whether the same mapping has the key again further down.
    var isRepeated = false
    /// The value.
    var value: ConfigurationTree
  }

  /// What a node of the tree is.
  indirect enum Content {
    /// Keys with values, in the order of the file.
    case mapping([Entry])
    /// Values in brackets or with dashes.
    case sequence([ConfigurationTree])
    /// The text of a value. A quoted text is always a string.
    case scalar(String, isQuoted: Bool)
  }

  var content: Content
  var origin: ConfigurationError.Problem.Origin = .unknown

  /// The entries, of a mapping.
  var entries: [Entry]? {
    if case .mapping(let entries) = content { entries } else { nil }
  }

  /// The text, of a scalar that has no quotes.
  var word: String? {
    if case .scalar(let text, isQuoted: false) = content { text } else { nil }
  }

  /// How an error names the value.
  var found: String {
    switch content {
    case .mapping: "a mapping"
    case .sequence(let elements): "a list of \(elements.count)"
    case .scalar("", isQuoted: false), .scalar("~", isQuoted: false),
      .scalar("null", isQuoted: false):
      "nothing"
    case .scalar(let text, _): "\"\(text)\""
    }
  }

  /// The path and the text of every scalar and sequence, in the order of the tree.
  func leaves(under path: String = "") -> [(path: String, text: String)] {
    guard let entries else { return [(path, flowText)] }
    return entries.flatMap { entry in
      entry.value.leaves(under: path.isEmpty ? entry.key : "\(path).\(entry.key)")
    }
  }

  /// The tree with the value at a path replaced or added.
  func setting(_ path: ArraySlice<String>, to value: ConfigurationTree) -> ConfigurationTree {
    guard let key = path.first else { return value }
    var entries = entries ?? []
    let rest = path.dropFirst()
    if let index = entries.lastIndex(where: { $0.key == key }) {
      entries[index].value = entries[index].value.setting(rest, to: value)
    } else {
      let empty = ConfigurationTree(content: .mapping([]), origin: value.origin)
      entries.append(
        Entry(key: key, origin: value.origin, value: empty.setting(rest, to: value)))
    }
    return ConfigurationTree(
      content: .mapping(entries), origin: self.entries == nil ? value.origin : origin)
  }
}
