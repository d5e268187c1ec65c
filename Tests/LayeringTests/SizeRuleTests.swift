import Testing

/// The rules of length on small samples.
@Suite struct SizeRuleTests {
  private func lines(_ count: Int) -> String {
    String(repeating: "    call()\n", count: count)
  }

  private func violations(_ path: String, _ text: String) -> [String] {
    sizeViolations(of: SourceFile(path: path, text: text))
  }

  @Test func longFilesAreRefused() {
    let line = "let a = 1\n"
    #expect(violations("Sources/A/B.swift", String(repeating: line, count: 600)) == [])
    #expect(violations("Sources/A/B.swift", String(repeating: line, count: 601)).count == 1)
    #expect(violations("Tests/A/b.py", String(repeating: "a = 1\n", count: 601)).count == 1)
  }

  @Test(arguments: [
    "func f() {", "public static func f<T: P>(_ a: [Int] = [1, 2]) async throws -> Int {",
    "init?(a: Int) {", "deinit {", "subscript(i: Int) -> Int {", "var a: Int {",
    "static func == (a: A, b: A) -> Bool {", "func f(g: () -> Void = { h() }) {",
  ])
  func longSwiftFunctionsAreRefused(head: String) {
    let path = "Sources/A/B.swift"
    #expect(violations(path, "struct A {\n  \(head)\n\(lines(58))  }\n}\n") == [])
    #expect(violations(path, "struct A {\n  \(head)\n\(lines(59))  }\n}\n").count == 1)
  }

  @Test func aSignatureOfSeveralLinesCounts() {
    let text = """
      func f(
        a: Int,
        b: Int
      ) -> Int
      where Element: P,
        Other: Q
      {
        "} unbalanced {".count  // }
      }
      """
    let functions = swiftFunctions(in: withoutCommentsAndStrings(text, isC: false))
    #expect(functions == [FunctionSpan(head: "func f(", firstLine: 1, lineCount: 9)])
  }

  @Test func declarationsWithoutBodyAreNoFunctions() {
    let text = """
      protocol P {
        func f() -> Int
        init(a: Int)
        var a: Int { get }
      }
      struct S {
        var stored = [1].map { $0 }
        var plain: Int
        let b = A.init(c)
        func g() { self.init() }
      }
      """
    let heads = swiftFunctions(in: withoutCommentsAndStrings(text, isC: false)).map(\.head)
    #expect(heads == ["var a: Int { get }", "func g() { self.init() }"])
  }

  @Test func longKernelsAreRefused() {
    let head = "typedef struct {\n  int a;\n} T;\n#define F(x) { \\\n  x }\n"
    func kernel(_ count: Int) -> String {
      "\(head)KERNEL void f(float *y,\n              int n) {\n\(lines(count))}\n"
    }
    #expect(violations("Sources/CKernels/a.c", kernel(77)) == [])
    #expect(violations("Sources/CKernels/a.c", kernel(78)).count == 1)
    let functions = cFunctions(in: kernel(1))
    #expect(functions.map(\.firstLine) == [6])
    #expect(functions.map(\.lineCount) == [4])
  }
}
