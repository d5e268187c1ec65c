import TestSupport

/// The largest number of lines of a file.
let largestFileLineCount = 600

/// What is too long in a file: the file, and each function of it.
///
/// `swift format` puts the brace that closes a block where the line of its head begins, so blocks are
/// found by indentation.
func sizeViolations(of file: RepositoryFile) -> [String] {
  let lineCount = file.text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
  var violations: [String] = []
  if lineCount > largestFileLineCount {
    violations.append("\(file.path): \(lineCount) lines; at most \(largestFileLineCount)")
  }
  guard ["swift", "c", "h"].contains(file.ending) else { return violations }
  // Kernels in C may have a few lines more.
  let limit = file.ending == "swift" ? 60 : 80
  var heads: [Int: (index: Int, line: Substring)] = [:]
  for (index, line) in file.codeLines.enumerated() {
    let code = line.drop { $0 == " " }
    let indentation = line.utf8.count - code.utf8.count
    guard let first = code.first, first != "#" else { continue }
    if first == "}", let head = heads[indentation] {
      let length = index - head.index + 1
      if length > limit && !isDeclarationOfManyThings(head.line) {
        violations.append(
          "\(file.path):\(head.index + 1): \(length) lines; at most \(limit): \(head.line)")
      }
    } else if !"})]{-".contains(first) && !code.hasPrefix("where ") {
      heads[indentation] = (index, code)
    }
  }
  return violations
}

/// Whether a block is a type, an extension or, in C, a table.
private func isDeclarationOfManyThings(_ head: Substring) -> Bool {
  let words = head.split { !$0.isLetter }
  return head.hasSuffix("= {") && !head.contains("(")
    || !words.contains("func")
      && words.contains {
        ["class", "struct", "enum", "actor", "protocol", "extension", "union"].contains($0)
      }
}
