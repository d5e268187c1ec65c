import TestSupport

/// Finds the files that texts name and that are not there.
struct FileCitations {
  /// Endings of files that nothing but this repository is meant by.
  private static let endings = ["md", "swift", "sh", "py"]

  private let paths: Set<String>
  /// What a path of the repository can begin with: its own folders and, without them, targets.
  private let beginnings: Set<String>

  /// Takes the paths of all files and folders of the repository.
  init(paths: some Sequence<String>) {
    self.paths = Set(paths)
    let parts = self.paths.map { $0.split(separator: "/").map(String.init) }
    let targets = parts.filter { $0.count == 2 && ["Sources", "Tests"].contains($0[0]) }
    beginnings = Set(Repository.folders).union(targets.map { $0[1] })
  }

  /// The names in a passage that look like paths of the repository.
  func citations(in passage: Passage) -> [String] {
    passage.text.split { !($0.isASCII && ($0.isLetter || $0.isNumber || "_.+-/".contains($0))) }
      .map { name in
        var name = name
        while let last = name.last, ".-+/".contains(last) { name.removeLast() }
        return String(name)
      }
      .filter(isCitation)
  }

  private func isCitation(_ name: String) -> Bool {
    let parts = name.split(separator: "/").map(String.init)
    // Addresses of the net begin with two slashes, once their scheme is cut off.
    guard let first = parts.first, !name.hasPrefix("//"), !isPlaceholder(first) else {
      return false
    }
    let hasEnding = Self.endings.contains { name.hasSuffix("." + $0) }
    return hasEnding || (parts.count > 1 && (beginnings.contains(first) || first == ".."))
  }

  /// Whether a part of a path stands for any name, as `SIZE.yaml` does.
  private func isPlaceholder(_ part: String) -> Bool {
    let stem = part.prefix { $0 != "." }
    return !stem.isEmpty && stem.allSatisfy(\.isUppercase) && part.first != "."
      && stem != "README"
  }

  /// Whether a name is that of a file or folder, seen from the root, from the folder of the file
  /// that names it, from Sources or from Tests; a placeholder and what follows it is left open.
  func exists(_ name: String, from folder: String) -> Bool {
    let parts = name.split(separator: "/").map(String.init)
    let known = parts.prefix { !isPlaceholder($0) }
    return [[], folder.split(separator: "/").map(String.init), ["Sources"], ["Tests"]]
      .contains { base in
        let path = (base + known).reduce(into: [String]()) { path, part in
          if part == ".." { _ = path.popLast() } else { path.append(part) }
        }
        return paths.contains(path.joined(separator: "/"))
      }
  }

  /// A line for every name of a file that is not there.
  func violations(of file: RepositoryFile) -> [String] {
    file.passages.flatMap { passage in
      citations(in: passage).filter { !exists($0, from: file.folder) }
        .map { "\(file.path):\(passage.line): there is no \($0)" }
    }
  }
}
