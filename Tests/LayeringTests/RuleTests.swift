import Testing

/// Each rule on small samples: what it must refuse and what it must let pass.
@Suite struct RuleTests {
  private func file(_ path: String, _ text: String) -> SourceFile {
    SourceFile(path: path, text: text)
  }

  @Test func commentsAndStringsAreNoCode() {
    let text = """
      let a = "import X // no" // import Y
      /* import Z /* nested */ still */ let b = #"quote " and \\(c)"#
      let d = "a \\(f("inner )") + 1) b"
      """
    let code = withoutCommentsAndStrings(text, isC: false)
    for word in ["X", "Y", "Z", "nested", "still", "quote", "inner", "no"] {
      #expect(!code.contains(word), "\(word)")
    }
    #expect(code.contains("let b =") && code.contains("let d ="))
    #expect(code.utf8.count == text.utf8.count)
    let multiline = "let a = \"\"\"\n  import X \"quoted\"\n  \"\"\"\nlet b = 1"
    #expect(withoutCommentsAndStrings(multiline, isC: false).hasSuffix("\nlet b = 1"))
    #expect(!withoutCommentsAndStrings(multiline, isC: false).contains("import"))
    let c = "char q = '\"'; int visible; // '\nchar *s = \"a\\\"b\"; int too;"
    let cCode = withoutCommentsAndStrings(c, isC: true)
    #expect(cCode.contains("int visible;") && cCode.contains("int too;"))
  }

  @Test func importLinesAreFound() {
    let code =
      "import A\npublic import B\n@preconcurrency import C\nimport struct D.E\nlet import_ = 1\n  import F"
    let found = imports(in: code)
    #expect(found.map(\.module) == ["A", "B", "C", "D", "F"])
    #expect(found.map(\.access) == ["", "public", "", "", ""])
    #expect(found[2].attributes == ["@preconcurrency"])
    #expect(found.map(\.line) == [1, 2, 3, 4, 6])
  }

  @Test func importsOutsideTheTableAreRefused() {
    func violationCount(_ path: String, _ text: String, declared: [String]) -> Int {
      importViolations(of: file(path, text), declared: declared).count
    }
    let layer = "Sources/Layers/Linear.swift"
    #expect(
      violationCount(layer, "import Foundation\nimport Autodiff", declared: ["Autodiff"]) == 0)
    #expect(violationCount(layer, "import Kernels", declared: ["Kernels"]) == 1)
    #expect(violationCount(layer, "import Autodiff", declared: ["Tensors"]) == 1)
    #expect(violationCount(layer, "import Training", declared: ["Training"]) == 1)
    #expect(violationCount(layer, "@testable import Autodiff", declared: ["Autodiff"]) == 1)
    #expect(violationCount("Sources/Unknown/A.swift", "", declared: []) == 1)
    let kernels = "Sources/Kernels/A.swift"
    #expect(violationCount(kernels, "import CKernels", declared: ["CKernels"]) == 0)
    #expect(violationCount(kernels, "public import CKernels", declared: ["CKernels"]) == 1)
    #expect(
      violationCount("Sources/restok/A.swift", "import CKernels", declared: ["CKernels"]) == 1)
    #expect(violationCount("Sources/restok/A.swift", "import Kernels", declared: ["Kernels"]) == 0)
  }

  @Test func theTableGoesBottomUp() {
    var below: Set<String> = ["Yams", "Logging", "ArgumentParser"]
    for row in layerTable {
      #expect(Set(row.allowed).isSubset(of: below), "\(row.target)")
      #expect(below.insert(row.target).inserted, "\(row.target) has two rows")
    }
  }

  @Test func manifestsAreRead() {
    let text = """
      func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
        .target(name: name, dependencies: dependencies)
      }
      let targets = [
        // library("Commented", ["Out"]),
        .systemLibrary(name: "CHDF5", providers: [.apt(["libhdf5-dev"])]),
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3"])]),
        library("ArrayFiles", ["CHDF5", "CArchive"]),
        library(
          "Configurations",
          [
            "Datasets", .product(name: "Yams", package: "Yams-package"),
          ], resources: [.copy("R")]),
        .executableTarget(name: "RankChecks", dependencies: ["A"], path: "Tests/RankChecks"),
        tests("LayersTests", ["Layers"]),
      ]
      """
    let targets = manifestTargets(in: text)
    func dependencies(_ name: String) -> [String]? {
      targets.first { $0.name == name }?.dependencies
    }
    #expect(targets.count == 6)
    #expect(dependencies("CHDF5") == [])
    #expect(dependencies("CKernels") == [])
    #expect(dependencies("ArrayFiles") == ["CHDF5", "CArchive"])
    #expect(dependencies("Configurations") == ["Datasets", "Yams"])
    #expect(targets.filter(\.isForTests).map(\.name).sorted() == ["LayersTests", "RankChecks"])
  }

  @Test func manifestsOutsideTheTableAreRefused() {
    let good = ManifestTarget(name: "Tensors", dependencies: ["Kernels"], isForTests: false)
    let upward = ManifestTarget(name: "Tensors", dependencies: ["Autodiff"], isForTests: false)
    let unknown = ManifestTarget(name: "Extras", dependencies: [], isForTests: false)
    let tests = ManifestTarget(name: "ExtrasTests", dependencies: ["Training"], isForTests: true)
    #expect(manifestViolations(of: [good, tests]) == [])
    #expect(manifestViolations(of: [upward]).count == 1)
    #expect(manifestViolations(of: [unknown]).count == 1)
  }

  @Test func emptyNamesAreRefused() {
    for path in [
      "Sources/Utils/A.swift", "Sources/Layers/StringUtils.swift", "Sources/CKernels/common.c",
      "Sources/Layers/Tensor+Helpers.swift", "Tests/LayersTests/TestUtilities.swift",
    ] {
      #expect(nameViolations(of: file(path, "")).count == 1, "\(path)")
    }
    #expect(nameViolations(of: file("Sources/A/B.swift", "enum MathHelper {}")).count == 1)
    #expect(nameViolations(of: file("Sources/A/Commonality.swift", "struct Utile {}")) == [])
    let clash = file("Sources/A/B.swift", "public struct Layers {}\nextension Tensors {}")
    #expect(moduleNameViolations(of: clash, modules: ["Layers", "Tensors"]).count == 1)
  }

  @Test func forbiddenWordsAreRefused() {
    func violationCount(_ text: String) -> Int {
      wordViolations(of: file("Sources/A/B.swift", text)).count
    }
    #expect(violationCount("let a = try! f()") == 1)
    #expect(violationCount("fatalError(\"no\")") == 1)
    #expect(violationCount("let a = b as! Int") == 1)
    #expect(violationCount("// TODO: later") == 1)
    #expect(violationCount("// FIXME") == 1)
    #expect(violationCount("// try! is banned\nlet text = \"fatalError(\"\ntry? f()") == 0)
    #expect(wordViolations(of: file("Sources/CKernels/a.c", "/* TODO */")).count == 1)
  }

  @Test func pointersOutsideTheWrappersAreRefused() {
    let pointer = "let a: UnsafeMutablePointer<Float>\nnonisolated(unsafe) var b = 0"
    #expect(pointerViolations(of: file("Sources/Layers/A.swift", pointer)).count == 2)
    #expect(pointerViolations(of: file("Sources/Kernels/A.swift", pointer)) == [])
    #expect(
      pointerViolations(of: file("Sources/Layers/A.swift", "let a: OpaquePointer")).count == 1)
    let bytes = "elements.withUnsafeMutableBytes { (view: UnsafeMutableRawBufferPointer) in }"
    #expect(pointerViolations(of: file("Sources/Checkpoints/A.swift", bytes)) == [])
  }
}
