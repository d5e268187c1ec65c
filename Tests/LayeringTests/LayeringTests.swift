import TestSupport
import Testing

/// The house rules, held against the repository's own files.
@Suite struct LayeringTests {
  private static func layers() throws -> Layers {
    Layers(
      manifest: try Repository.text(of: "Package.swift"),
      table: try Repository.text(of: "Docs/Architecture.md"))
  }

  private static func files(_ endings: Set<String>, under folder: String = "") throws
    -> [RepositoryFile]
  {
    let files = try Repository.files(endings: endings).filter {
      $0.path.hasPrefix(folder) && $0.path.contains("/")
    }
    #expect(files.count > 40)
    return files
  }

  @Test func packageDeclaresWhatTheTableAllows() throws {
    let layers = try Self.layers()
    #expect(layers.allowed.count > 20)
    #expect(layers.violations == [])
    let folders = try Repository.paths().filter { $0.hasPrefix("Sources/") }.map {
      String($0.split(separator: "/")[1])
    }
    #expect(Set(folders).subtracting(layers.declared.keys) == [])
  }

  @Test func importsAreDeclared() throws {
    let layers = try Self.layers()
    let files = try Self.files(["swift"], under: "Sources/")
    #expect(files.flatMap(\.imports).count > 300)
    #expect(files.flatMap(layers.violations) == [])
    let testable = try Self.files(["swift"], under: "Tests/").filter { file in
      file.imports.contains(where: \.hasAttribute)
    }
    #expect(testable.map(\.path) == [])
  }

  @Test func filesAndFunctionsAreSmall() throws {
    #expect(try Self.files(["swift", "c", "h", "py", "sh"]).flatMap(sizeViolations) == [])
  }

  @Test func namesSayWhatIsInside() throws {
    #expect(try Repository.paths().flatMap(WordRules.nameViolations) == [])
  }

  @Test func sourcesSayNothingForbidden() throws {
    let files = try Self.files(["swift", "c", "h"], under: "Sources/")
    #expect(files.flatMap(WordRules.violations) == [])
  }

  @Test func pathsGoOneWay() throws {
    let files = try Self.files(["swift"], under: "Sources/")
    #expect(files.flatMap(WordRules.pathViolations) == [])
  }

  @Test func pointersStayBehindTheWrappers() throws {
    let layers = try Self.layers()
    let files = try Self.files(["swift"], under: "Sources/").filter {
      !layers.mayHandlePointers($0.target)
    }
    #expect(files.flatMap(WordRules.pointerViolations) == [])
  }
}
