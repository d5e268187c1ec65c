extension RepositoryFile {
  /// The lines of Swift or C code without comments and without what stands between quotes, but with
  /// the code inside a text's interpolations; there are as many as the file has.
  public var codeLines: [String] {
    var isInText = false
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let marks = line.ranges(of: "\"\"\"").count
      if isInText || marks > 0 {
        defer { if marks % 2 == 1 { isInText.toggle() } }
        return isInText
          ? "" : code(of: line[..<(line.firstRange(of: "\"\"\"")?.lowerBound ?? line.endIndex)])
      }
      return code(of: line)
    }
  }

  private func code(of line: Substring) -> String {
    guard line.utf8.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "/") }) else {
      return String(line)
    }
    var code = ""
    var depths: [Int] = []  // For each open text, the brackets open in an interpolation.
    var previous: Character = " "
    for character in line {
      let isInText = depths.last == 0
      if !isInText && previous == "/" && character == "/" { return String(code.dropLast()) }
      switch character {
      case "\"" where !(isInText && previous == "\\"):
        if isInText { depths.removeLast() } else { depths.append(0) }
      case "(" where isInText && previous == "\\": depths[depths.count - 1] = 1
      case "(" where !isInText && !depths.isEmpty: depths[depths.count - 1] += 1
      case ")" where !isInText && !depths.isEmpty: depths[depths.count - 1] -= 1
      default: break
      }
      if !isInText { code.append(character) }
      previous = isInText && previous == "\\" && character == "\\" ? " " : character
    }
    return code
  }
}
