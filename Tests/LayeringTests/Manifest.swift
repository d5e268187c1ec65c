/// A target as Package.swift declares it.
struct ManifestTarget: Equatable {
  let name: String
  let dependencies: [String]
  let isForTests: Bool
}

/// Reads the targets from the text of Package.swift.
///
/// Only the forms that this package uses are understood: `library("Name", [...])`,
/// `tests("Name", [...])` and SwiftPM's own calls with `name:` and `dependencies:`.
func manifestTargets(in text: String) -> [ManifestTarget] {
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  let code = lines.filter { !$0.drop { $0 == " " }.hasPrefix("//") }.joined(separator: "\n")
  let calls = [
    "library(", "tests(", ".target(", ".executableTarget(", ".systemLibrary(", ".testTarget(",
  ]
  var targets: [ManifestTarget] = []
  for call in calls {
    for range in code.ranges(of: call) {
      let before = code[..<range.lowerBound].last ?? " "
      // `func library(` and longer names that merely end like a call are no declarations.
      guard before == " " || before == "[" || before == "\n",
        !code[..<range.lowerBound].hasSuffix("func ")
      else { continue }
      let arguments = balanced(code[range.upperBound...], open: "(", close: ")")
      guard let name = leadingName(of: arguments) else { continue }
      let isForTests = call.contains("est") || arguments.contains("path: \"Tests/")
      targets.append(
        ManifestTarget(
          name: name, dependencies: dependencies(in: arguments, call: call),
          isForTests: isForTests))
    }
  }
  return targets
}

/// The text up to the bracket that closes one opened just before.
private func balanced(_ text: Substring, open: Character, close: Character) -> Substring {
  var depth = 1
  for index in text.indices {
    if text[index] == open { depth += 1 }
    if text[index] == close { depth -= 1 }
    if depth == 0 { return text[..<index] }
  }
  return text
}

/// The string literal that the arguments begin with, with or without the label `name:`.
private func leadingName(of arguments: Substring) -> String? {
  var rest = arguments.drop { $0.isWhitespace }
  if rest.hasPrefix("name:") { rest = rest.dropFirst(5).drop { $0.isWhitespace } }
  return rest.hasPrefix("\"") ? String(rest.dropFirst().prefix { $0 != "\"" }) : nil
}

private func dependencies(in arguments: Substring, call: String) -> [String] {
  let isOwnForm = call == "library(" || call == "tests("
  var list = arguments
  if !isOwnForm {
    guard let label = arguments.firstRange(of: "dependencies:") else { return [] }
    list = arguments[label.upperBound...]
  }
  guard let start = list.firstIndex(of: "[") else { return [] }
  let items = balanced(list[list.index(after: start)...], open: "[", close: "]")
  let pieces = items.split(separator: "\"", omittingEmptySubsequences: false)
  // Odd pieces lie inside quotes; a product's package is named after the product.
  return stride(from: 1, to: pieces.count, by: 2)
    .filter { !pieces[$0 - 1].hasSuffix("package: ") }
    .map { String(pieces[$0]) }
}
