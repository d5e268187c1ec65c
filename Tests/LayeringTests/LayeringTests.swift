import Foundation
import Testing

/// The house rules, held against the repository's own files.
@Suite struct LayeringTests {
  @Test func packageDeclaresOnlyWhatTheTableAllows() throws {
    let targets = manifestTargets(in: try Repository.text(of: "Package.swift"))
    #expect(targets.count { !$0.isForTests } > 15)
    #expect(manifestViolations(of: targets) == [])
  }

  @Test func everyTargetIsInPackage() throws {
    let targets = Set(manifestTargets(in: try Repository.text(of: "Package.swift")).map(\.name))
    let folders = try FileManager.default.contentsOfDirectory(
      atPath: Repository.root.appending(path: "Sources").path)
    #expect(Set(folders).subtracting(targets) == [])
  }

  @Test func importsFollowTheTable() throws {
    let targets = manifestTargets(in: try Repository.text(of: "Package.swift"))
    let files = try Repository.files(endings: ["swift"]).filter(\.isUnderSources)
    #expect(files.count > 50)
    let violations = files.flatMap { file in
      importViolations(
        of: file, declared: targets.first { $0.name == file.target }?.dependencies ?? [])
    }
    #expect(violations == [])
  }

  @Test func testsImportNothingAsTestable() throws {
    let files = try Repository.files(endings: ["swift"]).filter { !$0.isUnderSources }
    let offenders = files.filter { file in
      imports(in: file.code).contains { !$0.attributes.isEmpty }
    }
    #expect(offenders.map(\.path) == [])
  }

  @Test func filesAndFunctionsAreSmall() throws {
    let files = try Repository.files(endings: ["swift", "c", "h", "py", "sh"])
    #expect(files.flatMap(sizeViolations) == [])
  }

  @Test func namesSayWhatIsInside() throws {
    let files = try Repository.files(endings: ["swift", "c", "h", "py", "sh"])
    #expect(files.flatMap(nameViolations) == [])
    let modules = Set(layerTable.map(\.target))
    let sources = files.filter { $0.isSwift && $0.isUnderSources }
    #expect(sources.flatMap { moduleNameViolations(of: $0, modules: modules) } == [])
  }

  @Test func sourcesSayNothingForbidden() throws {
    let files = try Repository.files(endings: ["swift", "c", "h"]).filter(\.isUnderSources)
    #expect(files.flatMap(wordViolations) == [])
  }

  @Test func pointersStayBehindTheWrappers() throws {
    let files = try Repository.files(endings: ["swift"]).filter(\.isUnderSources)
    #expect(files.flatMap(pointerViolations) == [])
  }
}
