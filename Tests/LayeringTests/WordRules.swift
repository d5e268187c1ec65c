/// Names that say nothing about what is inside.
private let emptyNames: Set<String> = [
  "util", "utils", "utility", "utilities", "common", "helper", "helpers",
]

/// Targets whose code may handle pointers.
let pointerTargets: Set<String> = cTargets.union([
  "Kernels", "MessagePassing", "ArrayFiles", "ImageFiles",
])

/// Views of bytes with bounds: the bridge between a tensor's storage and a file or message.
private let byteViews: Set<String> = [
  "UnsafeRawBufferPointer", "UnsafeMutableRawBufferPointer", "withUnsafeBytes",
  "withUnsafeMutableBytes",
]

private let typeKeywords: Set<String> = [
  "class", "struct", "enum", "actor", "protocol", "typealias", "extension",
]

/// What is wrong with the names of a file, of its folders and of the types in it.
func nameViolations(of file: SourceFile) -> [String] {
  var violations: [String] = []
  for component in file.path.split(separator: "/") where isEmptyName(String(component)) {
    violations.append("\(file.path): \(component) says nothing about what is inside")
  }
  for name in typeNames(in: file.code, after: typeKeywords) where isEmptyName(name) {
    violations.append("\(file.path): type \(name) says nothing about what is inside")
  }
  return violations
}

/// Types that are public and named like a module, which makes the module's names unreachable.
func moduleNameViolations(of file: SourceFile, modules: Set<String>) -> [String] {
  typeNames(in: file.code, after: typeKeywords.subtracting(["extension"]))
    .filter { modules.contains($0) }
    .map { "\(file.path): type \($0) has the name of a module" }
}

/// What must not be said in Sources.
func wordViolations(of file: SourceFile) -> [String] {
  var violations: [String] = []
  if file.isSwift {
    for (number, line) in file.code.split(separator: "\n", omittingEmptySubsequences: false)
      .enumerated()
    {
      for phrase in ["try!", "fatalError(", "as!"] where line.contains(phrase) {
        violations.append("\(file.path):\(number + 1): \(phrase)")
      }
    }
  }
  for mark in ["TODO", "FIXME"] where file.text.contains(mark) {
    violations.append("\(file.path): \(mark)")
  }
  return violations
}

/// Pointers in a file under Sources whose target must not handle any.
func pointerViolations(of file: SourceFile) -> [String] {
  guard file.isSwift, !pointerTargets.contains(file.target) else { return [] }
  let text = CodeBytes(file.code)
  return text.words.map(text.string)
    .filter { word in
      let isUnsafe = word.lowercased().contains("unsafe") && !byteViews.contains(word)
      return isUnsafe || word == "OpaquePointer" || word == "Unmanaged"
    }
    .map { "\(file.path): \($0)" }
}

private func typeNames(in code: String, after keywords: Set<String>) -> [String] {
  let text = CodeBytes(code)
  let words = text.words.map(text.string)
  return zip(words, words.dropFirst()).filter { keywords.contains($0.0) }.map(\.1)
}

/// Whether one of a name's words is empty: `StringUtils`, `common.c`, `Tensor+Helpers`.
private func isEmptyName(_ name: String) -> Bool {
  var word = ""
  for character in name + "." {
    if character.isUppercase || !character.isLetter {
      if emptyNames.contains(word.lowercased()) { return true }
      word = ""
    }
    if character.isLetter { word.append(character) }
  }
  return false
}
