/// How one value of a configuration is read, checked and written again.
struct Codec<Value> {
  /// What the value has to be, for errors: "an integer of at least 1".
  let expectation: String
  /// The keys below the value, with paths and properties seen from it; none for a leaf.
  let keys: [ConfigurationKey]
  /// Reads the value; nil after reporting what is wrong with it.
  let read: (ConfigurationTree, _ path: String, ProblemCollector) -> Value?
  /// The tree that reads as the value.
  let write: (Value) -> ConfigurationTree
}

extension Codec {
  /// A value that one conversion reads; nil of `parse` is reported with the expectation.
  static func leaf(
    _ expectation: String, parse: @escaping (ConfigurationTree) -> Value?,
    write: @escaping (Value) -> ConfigurationTree.Content
  ) -> Codec {
    Codec(
      expectation: expectation, keys: [],
      read: { tree, path, problems in
        if let value = parse(tree) { return value }
        problems.add(path, tree.origin, "expected \(expectation), found \(tree.found)")
        return nil
      },
      write: { ConfigurationTree(content: write($0)) })
  }
}

/// A key of a section: its name, its home in the typed value, and whether it may be left out.
struct Field<Root> {
  let key: String
  /// The key, or those below it.
  let keys: [ConfigurationKey]
  let isRequired: Bool
  /// What the value has to be, for errors.
  let expectation: String
  let read: (ConfigurationTree, _ path: String, inout Root, ProblemCollector) -> Void
  let setDefault: (inout Root) -> Void
  let write: (Root) -> ConfigurationTree

  /// Creates a field; one with a default may be left out.
  init<Value>(
    _ key: String, _ property: WritableKeyPath<Root, Value>, _ codec: Codec<Value>,
    default defaultValue: Value? = nil
  ) {
    self.key = key
    // A key path describes itself as `\Root.first.second`, and as `\Root.self` when it is empty.
    let properties = "\(property)".split(separator: ".").dropFirst().filter { $0 != "self" }
    keys = codec.keys(
      of: key, property: properties.joined(separator: "."), default: defaultValue)
    isRequired = defaultValue == nil
    expectation = codec.expectation
    read = { tree, path, root, problems in
      if let value = codec.read(tree, path, problems) { root[keyPath: property] = value }
    }
    setDefault = { root in
      if let defaultValue { root[keyPath: property] = defaultValue }
    }
    write = { codec.write($0[keyPath: property]) }
  }

  /// Creates a key that always has the one value and is kept nowhere.
  init(_ key: String, always text: String, because reason: String) {
    self.key = key
    isRequired = true
    expectation = "\"\(text)\""
    keys = [
      ConfigurationKey(path: key, expectation: expectation, defaultValue: nil, property: nil)
    ]
    read = { tree, path, _, problems in
      if tree.word == text { return }
      problems.add(path, tree.origin, "expected \(text), found \(tree.found): \(reason)")
    }
    setDefault = { _ in }
    write = { _ in ConfigurationTree(content: .scalar(text, isQuoted: false)) }
  }
}

extension Codec {
  /// A mapping with exactly the keys of the fields.
  ///
  /// - Parameters:
  ///   - blank: A value to fill in; what a failed field leaves in it is never used.
  ///   - refused: Keys that are known but cannot be used, with the reason.
  ///   - retired: Keys of earlier versions, with the one value that is still passed over.
  ///   - fields: The keys, in the order in which they are written.
  /// - Returns: The codec of the whole mapping.
  static func section(
    _ blank: Value, refused: [String: String] = [:], retired: [String: String] = [:],
    _ fields: [Field<Value>]
  ) -> Codec {
    let keys = fields.map(\.key)
    return Codec(
      expectation: "a section with \(keys.joined(separator: ", "))",
      keys: fields.flatMap(\.keys),
      read: { tree, path, problems in
        guard let entries = tree.entries else {
          problems.add(
            path, tree.origin,
            "expected a section with \(keys.joined(separator: ", ")), found \(tree.found)")
          return nil
        }
        var value = blank
        func place(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
        for entry in entries {
          if entry.isRepeated {
            problems.add(
              place(entry.key), entry.origin, "the key is given again below: keep one of the two")
          } else if let reason = refused[entry.key] {
            problems.add(place(entry.key), entry.origin, reason)
          } else if let word = retired[entry.key] {
            guard entry.value.word != word else { continue }
            problems.add(
              place(entry.key), entry.origin,
              "the key is gone, and every run works as with \(word): remove it")
          } else if let field = fields.first(where: { $0.key == entry.key }) {
            field.read(entry.value, place(entry.key), &value, problems)
          } else {
            problems.addUnknownKey(entry, at: place(entry.key), known: keys)
          }
        }
        for field in fields where !entries.contains(where: { $0.key == field.key }) {
          if field.isRequired {
            problems.add(
              place(field.key), tree.origin,
              "the key is missing: add \(field.key) with \(field.expectation)")
          } else {
            field.setDefault(&value)
          }
        }
        return value
      },
      write: { value in
        ConfigurationTree(
          content: .mapping(
            fields.map { field in
              ConfigurationTree.Entry(
                key: field.key, origin: .unknown, value: field.write(value))
            }))
      })
  }
}

extension ProblemCollector {
  /// Reports a key that its section does not have, with the key that was most likely meant: a
  /// neighbour with a slip of one letter, a key of that name in another section, or any neighbour
  /// that is near.
  fileprivate func addUnknownKey(
    _ entry: ConfigurationTree.Entry, at path: String, known: [String]
  ) {
    let section = path.dropLast(entry.key.count)
    let neighbour = nearestName(to: entry.key, among: known)
    let tail = entry.value.leaves(under: entry.key).map(\.path)
    let elsewhere = knownPaths.filter { path in tail.contains { path.hasSuffix("." + $0) } }

    let hint: String
    if let neighbour, editDistance(neighbour, entry.key) == 1 || elsewhere.isEmpty {
      hint = "did you mean \(section)\(neighbour)?"
    } else if !elsewhere.isEmpty {
      hint = "did you mean \(elsewhere.prefix(4).joined(separator: " or "))?"
    } else {
      hint = "the keys here are \(known.joined(separator: ", "))"
    }
    add(path, entry.origin, "there is no such key; " + hint)
  }
}
