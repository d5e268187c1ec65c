import Foundation
import TestSupport

/// The layers of the architecture: what each target declares and may import.
struct Layers {
  /// Modules of the toolchain, open to every target.
  static let toolchain: Set<String> = ["Foundation", "Synchronization", "Dispatch", "Glibc"]

  /// What Package.swift declares, target by target.
  let declared: [String: Set<String>]
  /// What the table of Docs/Architecture.md allows, target by target.
  let allowed: [String: Set<String>]

  /// Reads the calls that declare targets and the rows of the table.
  init(manifest: String, table: String) {
    declared = Self.dependencies(in: manifest)
    allowed = Self.rows(of: table)
  }

  /// Targets behind which no other than their wrapper may reach.
  static func isC(_ target: String) -> Bool {
    target.first == "C" && target.dropFirst().first?.isUppercase == true
  }

  /// The names in quotes of every call that declares a target, up to its other arguments.
  private static func dependencies(in manifest: String) -> [String: Set<String>] {
    let call =
      /(?:(?:^|\s)library|tests|\.target|\.executableTarget|\.systemLibrary)\(\s*(?:name: )?"(\w+)"/
    let calls = manifest.matches(of: call)
    let ends = calls.dropFirst().map(\.range.lowerBound) + [manifest.endIndex]
    return zip(calls, ends).reduce(into: [:]) { targets, item in
      let arguments = manifest[item.0.range.upperBound..<item.1]
        .replacing(/package: "[^"]*"/, with: "")
      let end = arguments.firstMatch(
        of: /\w*(?:path|exclude|resources|[sS]ettings|pkgConfig|providers):/)
      let list = arguments[..<(end?.range.lowerBound ?? arguments.endIndex)]
      targets[String(item.0.1)] = Set(list.matches(of: /"(\w+)"/).map { String($0.1) })
    }
  }

  /// Rows `| targets | … | imports |`, where `all above` is every Swift target of the rows above, but
  /// those that are named after `but`.
  private static func rows(of table: String) -> [String: Set<String>] {
    var rows: [String: Set<String>] = [:]
    for line in table.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|")
      guard cells.count == 3 else { continue }
      let imports = cells[2].split(separator: "all above")
      var allowed = names(in: imports[0])
      if imports.count > 1 {
        allowed.formUnion(rows.keys.filter { !isC($0) })
        allowed.subtract(names(in: imports[1]))
      }
      for target in names(in: cells[0]) { rows[target] = allowed }
    }
    return rows
  }

  private static func names(in text: Substring) -> Set<String> {
    Set(text.split { !$0.isLetter && !$0.isNumber }.map(String.init))
  }

  /// What Package.swift declares beyond the table, and targets that one of the two lacks.
  var violations: [String] {
    let targets = declared.filter { target, _ in
      !target.hasSuffix("Tests")
        && !["TestSupport", "GoldenFields", "PhaseFixtures", "FuzzTargets", "Fuzzer", "RankChecks"]
          .contains(target)
    }
    return Set(targets.keys).symmetricDifference(allowed.keys).map {
      "\($0) is not both in Package.swift and in the table"
    }
      + targets.flatMap { target, dependencies in
        dependencies.subtracting(allowed[target] ?? []).map { "\(target) must not depend on \($0)" }
      }
  }

  /// Whether a target wraps C and so may handle pointers.
  func mayHandlePointers(_ target: String) -> Bool {
    (allowed[target] ?? []).contains(where: Self.isC)
  }

  /// What is wrong with the imports of a file under Sources.
  func violations(of file: RepositoryFile) -> [String] {
    file.imports.flatMap { found in
      var faults: [String] = []
      if !Self.toolchain.contains(found.module)
        && declared[file.target]?.contains(found.module) != true
      {
        faults.append("Package.swift does not declare it for \(file.target)")
      }
      if Self.isC(found.module) && ["public", "package"].contains(found.access) {
        faults.append("C types must not reach other targets")
      }
      if found.hasAttribute { faults.append("an attribute gets around the rules of access") }
      return faults.map { "\(file.path):\(found.line): import \(found.module): \($0)" }
    }
  }
}

/// An `import` line.
struct Import: Equatable {
  let module: String
  /// `public`, `package` …; empty for a plain, that is internal, import.
  let access: String
  /// Whether it begins with an attribute, such as `@testable`.
  let hasAttribute: Bool
  let line: Int
}

extension RepositoryFile {
  /// The second part of the path: the target, of a file under Sources or Tests.
  var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

  /// The `import` lines.
  var imports: [Import] {
    codeLines.enumerated().compactMap { index, line in
      let words = line.split(separator: " ")
      guard let position = words.firstIndex(of: "import"), let last = words.last,
        words[..<position].allSatisfy({ $0.hasPrefix("@") || Self.accessLevels.contains($0) })
      else { return nil }
      return Import(
        module: String(last.prefix { $0 != "." }),
        access: words[..<position].last { !$0.hasPrefix("@") }.map(String.init) ?? "",
        hasAttribute: words[..<position].contains { $0.hasPrefix("@") }, line: index + 1)
    }
  }

  private static let accessLevels: Set<Substring> = [
    "public", "package", "internal", "fileprivate", "private",
  ]
}
