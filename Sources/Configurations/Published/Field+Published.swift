extension Field {
  /// Creates a key of a published file that must have one value, because this program has no other.
  ///
  /// - Parameters:
  ///   - key: The key.
  ///   - text: The value, as it is written too.
  ///   - defaultText: What holds where the key is missing; nil when it must not be.
  ///   - reason: Why another value is refused.
  init(
    published key: String, only text: String, default defaultText: String?, because reason: String
  ) {
    self.key = key
    isRequired = defaultText == nil
    expectation = text
    keys = [
      ConfigurationKey(
        path: key, expectation: text, defaultValue: defaultText, property: nil)
    ]
    func isEqual(_ tree: ConfigurationTree) -> Bool {
      guard case .scalar(let word, _) = tree.content else { return false }
      if word == text { return true }
      return Double(text).map { Double(word) == $0 } ?? false
    }
    read = { tree, path, _, problems in
      if isEqual(tree) { return }
      problems.add(path, tree.origin, "expected \(text), found \(tree.found): \(reason)")
    }
    setDefault = { _ in }
    write = { _ in ConfigurationTree(content: .scalar(text, isQuoted: false)) }
  }
}
