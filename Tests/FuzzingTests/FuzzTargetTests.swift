import FuzzTargets
import TestSupport
import Testing

/// What the fuzzer found, and what it begins with, through the same functions without a sanitizer.
@Suite struct FuzzTargetTests {
  private static let names = FuzzTarget.all.map(\.name)

  private func withSession(
    _ name: String, _ body: (FuzzTarget.Session) throws -> Void
  ) throws {
    let target = try #require(FuzzTarget.named(name))
    try withTemporaryDirectory { try body(target.start(in: $0)) }
  }

  @Test(arguments: names)
  func soundInputsAreAccepted(name: String) throws {
    try withSession(name) { session in
      let seeds = try session.seeds()
      #expect(!seeds.isEmpty)
      for seed in seeds { #expect(try session.run(seed) == .accepted) }
    }
  }

  @Test(arguments: names)
  func damagedInputsAreRefused(name: String) throws {
    try withSession(name) { session in
      for seed in try session.seeds().prefix(3) {
        #expect(try session.run(Array(seed.prefix(seed.count / 3))) != .accepted)
      }
    }
  }

  /// Findings that are sound, and that the program failed on all the same.
  private static let soundFindings: Set = [
    "Tests/Fuzzing/Findings/png/line-of-65500"
  ]

  @Test(arguments: names)
  func findingsStayMended(name: String) throws {
    let folder = "Tests/Fuzzing/Findings/\(name)/"
    let paths = try Repository.paths().filter { $0.hasPrefix(folder) }
    try withSession(name) { session in
      for path in paths {
        let outcome = try session.run(try Repository.bytes(of: path))
        #expect((outcome == .accepted) == Self.soundFindings.contains(path), "\(path)")
      }
    }
  }

  @Test func everyFolderOfFindingsBelongsToATarget() throws {
    let folders = try Repository.paths().compactMap { path -> String? in
      let parts = path.split(separator: "/")
      return path.hasPrefix("Tests/Fuzzing/Findings/") && parts.count == 5 ? String(parts[3]) : nil
    }
    #expect(Set(folders).isSubset(of: Self.names))
  }
}
