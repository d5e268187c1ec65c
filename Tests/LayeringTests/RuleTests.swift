import TestSupport
import Testing

/// Each rule on small samples: what it must refuse and what it must let pass.
@Suite struct RuleTests {
  private func file(_ path: String, _ text: String) -> RepositoryFile {
    RepositoryFile(path: path, text: text)
  }

  @Test func commentsAndTextsAreNoCode() {
    let text = """
      let a = "X \\(f("X") + b) \\" X" + c  // X
      let d = "X\\\\" + e
      let g = \"\"\"
        X
        \"\"\"
      let h = 4 / 2
      """
    #expect(
      file("A.swift", text).codeLines == [
        "let a = \"f(\") + b) + c  ", "let d = \" + e", "let g = ", "", "", "let h = 4 / 2",
      ])
  }

  private let layers = Layers(
    manifest: """
      func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
        .target(name: name, dependencies: dependencies)
      }
      .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
      .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3"])]),
      library("Files", ["CHDF5"]),
      library("Layers", []),
      library(
        "Configurations",
        ["Files", .product(name: "Yams", package: "yams-package")], resources: [.copy("R")]),
      .executableTarget(name: "run", dependencies: ["Files", "Layers"], swiftSettings: swiftSettings),
      tests("LayersTests", ["Layers"], exclude: ["a.py"]),
      """,
    table: """
      | target | what | may import |
      |---|---|---|
      | `CHDF5` `CKernels` | C | – |
      | `Files` | files | CHDF5 |
      | `Layers` | layers | – |
      | `Configurations` | keys | Files, Yams |
      | `run` | program | all above but Configurations and C targets |
      """)

  @Test func manifestAndTableAreRead() {
    #expect(
      layers.declared == [
        "CHDF5": [], "CKernels": [], "Files": ["CHDF5"], "Layers": [],
        "Configurations": ["Files", "Yams"], "run": ["Files", "Layers"], "LayersTests": ["Layers"],
      ])
    #expect(layers.allowed["Files"] == ["CHDF5"])
    #expect(layers.allowed["run"] == ["Files", "Layers"])
    #expect(layers.violations == [])
  }

  @Test(arguments: [
    ("library(\"Files\", [\"Layers\"])", "| `Files` | | – |"),
    ("library(\"Files\", [])", ""), ("", "| `Files` | | – |"),
    (
      ".target(name: \"run\", dependencies: [\"B\"])",
      "| `B` | | – |\n| `run` | | all above but B |"
    ),
  ])
  func whatTheTableDoesNotAllowIsRefused(manifest: String, table: String) {
    #expect(!Layers(manifest: manifest, table: table).violations.isEmpty)
  }

  @Test(arguments: [
    ("import Foundation\nimport CHDF5\n// import Layers", 0), ("import Layers", 1),
    ("public import CHDF5", 1), ("package import CHDF5", 1), ("@testable import CHDF5", 1),
    ("@_exported public import Layers", 2), ("import struct Layers.Linear", 1),
    ("let important = \"\"\"\n  import Layers\n  \"\"\"", 0),
  ])
  func importsThatAreNotDeclaredAreRefused(text: String, count: Int) {
    #expect(layers.violations(of: file("Sources/Files/A.swift", text)).count == count)
  }

  @Test(arguments: [
    ("let a = try! f()", 1), ("fatalError(\"no\")", 1), ("let a = b as! Int", 1),
    ("// TODO: later", 1), ("// FIXME", 1), ("// try!\nlet text = \"fatalError(\"\ntry? f()", 0),
  ])
  func forbiddenWordsAreRefused(text: String, count: Int) {
    #expect(WordRules.violations(of: file("Sources/A/B.swift", text)).count == count)
  }

  @Test(arguments: [
    ("let a = FileManager.default", 1), ("try Data(contentsOf: URL(fileURLWithPath: path))", 2),
    ("(path as NSString).lastPathComponent", 1),
    ("// FileManager\ntry FileSystem.bytes(of: path)", 0),
    ("try RGBImage(contentsOfFile: path)", 0),
  ])
  func foundationsPathsAreRefused(text: String, count: Int) {
    #expect(WordRules.pathViolations(of: file("Sources/A/B.swift", text)).count == count)
  }

  @Test func pointersAreRefused() {
    func count(_ text: String) -> Int {
      WordRules.pointerViolations(of: file("Sources/Layers/A.swift", text)).count
    }
    #expect(count("let a: UnsafeMutablePointer<Float>\nnonisolated(unsafe) var b = 0") == 2)
    #expect(count("let a: OpaquePointer") == 1)
    #expect(count("a.withUnsafeBytes { (view: UnsafeRawBufferPointer) in }  // unsafe") == 0)
    #expect(layers.mayHandlePointers("Files") && !layers.mayHandlePointers("Layers"))
  }

  @Test(arguments: [
    ("Sources/Utils/A.swift", 1), ("Sources/Layers/StringUtils.swift", 1),
    ("Sources/CKernels/common.c", 1), ("Sources/Layers/Tensor+Helpers.swift", 1),
    ("Tests/LayersTests/TestUtilities.swift", 1), ("Sources/A/Commonality.swift", 0),
    ("Sources/A/Utilisation.swift", 0),
  ])
  func emptyNamesAreRefused(path: String, count: Int) {
    #expect(WordRules.nameViolations(of: path).count == count)
  }

  private func sizeViolationCount(_ path: String, _ text: String) -> Int {
    sizeViolations(of: file(path, text)).count
  }

  private func lines(_ count: Int) -> String { String(repeating: "    call()\n", count: count) }

  @Test func longFilesAreRefused() {
    for (path, line) in [("Sources/A/B.swift", "let a = 1\n"), ("Tests/A/b.py", "a = 1\n")] {
      #expect(sizeViolationCount(path, String(repeating: line, count: 600)) == 0)
      #expect(sizeViolationCount(path, String(repeating: line, count: 601)) == 1)
    }
  }

  @Test(arguments: [
    "func f() {", "public static func f<T: P>(_ a: [Int] = [1, 2]) async throws -> Int {",
    "init?(a: Int) {", "deinit {", "subscript(i: Int) -> Int {", "var a: Int {",
    "static func == (a: A, b: A) -> Bool {", "@Test func f(g: () -> Void = { h() }) {",
  ])
  func longFunctionsAreRefused(head: String) {
    func text(_ count: Int) -> String { "struct A {\n  \(head)\n\(lines(count))  }\n}\n" }
    #expect(sizeViolationCount("Sources/A/B.swift", text(58)) == 0)
    #expect(sizeViolationCount("Sources/A/B.swift", text(59)) == 1)
  }

  @Test func aSignatureOfSeveralLinesCounts() {
    func text(_ count: Int) -> String {
      "  func f(\n    a: Int\n  ) -> Int\n  where T: P\n  {\n\(lines(count))  }\n"
    }
    #expect(sizeViolationCount("Sources/A/B.swift", text(54)) == 0)
    #expect(sizeViolationCount("Sources/A/B.swift", text(55)) == 1)
  }

  @Test func longKernelsAreRefused() {
    func text(_ count: Int) -> String {
      "typedef struct {\n  int a;\n} T;\n#define F(x) { \\\n  x }\nKERNEL void f(float *y,\n"
        + "              int n) {\n\(lines(count))}\n"
    }
    #expect(sizeViolationCount("Sources/CKernels/a.c", text(77)) == 0)
    #expect(sizeViolationCount("Sources/CKernels/a.c", text(78)) == 1)
  }
}
