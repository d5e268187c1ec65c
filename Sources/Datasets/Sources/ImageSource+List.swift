import ArrayFiles
import ImageFiles

extension ImageSource {
  /// Adds the images of a list: a text of lines `path label`.
  ///
  /// The label is what stands behind the last white space; paths are relative to the list's folder. If all labels
  /// are integers they number the classes, else they name them, and classes are numbered in the order of their
  /// names' bytes. Empty lines and those that begin with `#` are passed over.
  mutating func addList() throws {
    let lines = try Self.lines(of: path)
    let folder = SystemPath.parent(of: path)
    var labels: [String] = []
    for (number, line) in lines {
      guard let space = line.lastIndex(where: { $0 == " " || $0 == "\t" }) else {
        throw Self.failure(path, number, "'\(VisibleText.name(line))' is no 'path label'")
      }
      let name = Self.trimmed(line[..<space])
      let file = name.utf8.first == UInt8(ascii: "/") ? name : SystemPath.path(of: name, in: folder)
      guard FileSystem.kind(of: file) == .file else {
        throw Self.failure(path, number, "there is no file '\(VisibleText.name(file))'")
      }
      labels.append(String(line[line.index(after: space)...]))
      images.append(try Self.image(ofFile: file, label: 0, key: name))
    }
    try setLabels(labels, lineNumbers: lines.map(\.number))
    title = "list '\(SystemPath.name(of: path))'"
  }

  private mutating func setLabels(_ labels: [String], lineNumbers: [Int]) throws {
    let numbers = labels.map { Int($0) }
    // One that is mistyped would turn all of them into names, and number the classes anew.
    if let number = numbers.firstIndex(where: { $0 != nil }), let name = numbers.firstIndex(of: nil)
    {
      throw Self.failure(
        path, lineNumbers[name],
        "the label is '\(VisibleText.name(labels[name]))', and that of line \(lineNumbers[number]) is the number "
          + "\(labels[number]): expected numbers or names alone")
    }
    guard numbers.contains(nil) else {
      for (index, number) in numbers.enumerated() {
        let label = number ?? 0
        guard (0...WebDatasetTar.largestLabel).contains(label) else {
          throw Self.failure(
            path, lineNumbers[index],
            "the label is \(label), expected 0 to \(WebDatasetTar.largestLabel)")
        }
        images[index].label = label
      }
      return nameClassesByNumber()
    }
    let names = Set(labels).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let ordinals = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    for (index, label) in labels.enumerated() { images[index].label = ordinals[label] ?? 0 }
    classes = names
  }

  /// The lines that say something, with their numbers from 1.
  private static func lines(of path: String) throws -> [(number: Int, text: String)] {
    let size = try image(ofFile: path, label: 0, key: "").byteCount
    guard size <= SizeLimit.manifestByteCount else {
      throw DataError(
        file: path,
        problem:
          "it is no list of images: it has \(size) bytes, at most \(SizeLimit.manifestByteCount) are read",
        advice: "Name a folder, WebDataset tars, a list of 'path label' lines, or a data set.")
    }
    let bytes = try ImageFolder.bytes(ofFile: path)
    guard !bytes.contains(0) else {
      throw DataError(
        file: path, problem: "it is neither a folder, nor a tar, nor a list of 'path label' lines",
        advice: "Tars have the ending .tar; lists are texts.")
    }
    return bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
      .map { ($0 + 1, trimmed(SystemPath.text(of: $1)[...])) }
      .filter { !$0.1.isEmpty && !$0.1.hasPrefix("#") }
  }

  private static func trimmed(_ text: Substring) -> String {
    let isBlank = { (character: Character) in [" ", "\t", "\r", "\r\n"].contains(character) }
    guard let last = text.lastIndex(where: { !isBlank($0) }) else { return "" }
    return String(text[...last].drop(while: isBlank))
  }

  private static func failure(_ path: String, _ line: Int, _ problem: String) -> DataError {
    DataError(
      file: path, problem: "line \(line): \(problem)",
      advice: "A line is a path and, behind white space, the number or name of its class.")
  }
}
