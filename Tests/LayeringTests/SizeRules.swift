/// A function, initialiser, subscript or computed property with a body.
struct FunctionSpan: Equatable {
  /// The declaration's first line, without leading space.
  let head: String
  let firstLine: Int
  let lineCount: Int
}

/// The largest number of lines of a file.
let largestFileLineCount = 600

/// The largest number of lines of a function; kernels in C may have a few more.
func largestFunctionLineCount(isC: Bool) -> Int { isC ? 80 : 60 }

/// What is too long in a file.
func sizeViolations(of file: SourceFile) -> [String] {
  var violations: [String] = []
  var lineCount = file.text.split(separator: "\n", omittingEmptySubsequences: false).count
  if file.text.hasSuffix("\n") { lineCount -= 1 }
  if lineCount > largestFileLineCount {
    violations.append("\(file.path): \(lineCount) lines; at most \(largestFileLineCount)")
  }
  let limit = largestFunctionLineCount(isC: file.isC)
  let functions =
    file.isSwift ? swiftFunctions(in: file.code) : file.isC ? cFunctions(in: file.code) : []
  for function in functions where function.lineCount > limit {
    violations.append(
      "\(file.path):\(function.firstLine): \(function.lineCount) lines; at most \(limit): "
        + function.head)
  }
  return violations
}

/// The functions of Swift code whose comments and strings are blanked out.
func swiftFunctions(in code: String) -> [FunctionSpan] {
  let text = CodeBytes(code)
  var functions: [FunctionSpan] = []
  for word in text.words {
    let isDeclaration =
      switch text.string(word) {
      case "func": true
      case "var": true
      case "init": "(<?".contains(text.nextVisible(from: word.upperBound))
      case "subscript": "(<".contains(text.nextVisible(from: word.upperBound))
      case "deinit": text.nextVisible(from: word.upperBound) == "{"
      default: false
      }
    guard isDeclaration, text.character(before: word.lowerBound) != "." else { continue }
    let isVariable = text.string(word) == "var"
    guard let body = text.bodyStart(from: word.upperBound, isVariable: isVariable) else { continue }
    functions.append(text.span(from: word.lowerBound, bodyAt: body))
  }
  return functions
}

/// The functions of C code whose comments and strings are blanked out.
func cFunctions(in code: String) -> [FunctionSpan] {
  let text = CodeBytes(withoutPreprocessorLines(code))
  var functions: [FunctionSpan] = []
  var start = 0
  var position = 0
  while position < text.bytes.count {
    switch text.character(at: position) {
    case ";":
      start = position + 1
    case "{":
      let end = text.closingBrace(of: position)
      if text.lastVisible(before: position) == ")" {
        functions.append(text.span(from: text.firstVisible(from: start), bodyAt: position))
      }
      position = end
      start = end + 1
    default: break
    }
    position += 1
  }
  return functions
}

private func withoutPreprocessorLines(_ code: String) -> String {
  var isContinued = false
  return code.split(separator: "\n", omittingEmptySubsequences: false).map { line -> Substring in
    let isDirective = isContinued || line.drop { $0 == " " }.hasPrefix("#")
    isContinued = isDirective && line.hasSuffix("\\")
    return isDirective ? "" : line
  }.joined(separator: "\n")
}
