import Foundation
import TestSupport
import Testing

/// Numbers from outside are checked in every place, and no HDF5 file is opened unchecked.
@Suite struct ClaimedSizeRuleTests {
  @Test func everyPlaceChecksItsNumbers() throws {
    for place in ClaimedSizeRules.places {
      let code = RepositoryFile(path: place.path, text: try Repository.text(of: place.path))
        .codeLines.joined(separator: "\n")
      for (check, count) in place.checks {
        #expect(
          code.components(separatedBy: check).count - 1 == count,
          "\(place.path): \(place.numbers): \(check)")
      }
    }
  }

  @Test func noOtherPlaceMultipliesUnchecked() throws {
    let files = try Repository.files(endings: ["swift"])
    #expect(files.flatMap(ClaimedSizeRules.violations) == [])
    #expect(files.flatMap(ClaimedSizeRules.openingViolations) == [])
    for path in ClaimedSizeRules.exceptions.keys {
      let text = try Repository.text(of: path)
      #expect(text.contains("reduce(1, *)"), "\(path) needs no exception any more")
    }
  }

  @Test(arguments: [
    ("Sources/Datasets/A.swift", "let n = shape.reduce(1, *)", 1),
    ("Sources/Datasets/A.swift", "let n = Int(try attributes.integer(\"n\"))", 1),
    ("Sources/Datasets/A.swift", "// shape.reduce(1, *)", 0),
    ("Sources/Kernels/A.swift", "let n = shape.reduce(1, *)", 0),
  ])
  func uncheckedProductsAreRefused(path: String, text: String, count: Int) {
    #expect(
      ClaimedSizeRules.violations(of: RepositoryFile(path: path, text: text)).count == count)
  }

  @Test(arguments: [
    ("let a = try HDF5File(reading: path)", 1), ("HDF5File(\n  reading: path)", 1),
    ("HDF5File(reading: path, matching: record)", 0),
    ("HDF5File(\n  reading: a + b,\n  matching: record)", 0),
    ("HDF5File(readingAlone: path)", 0), ("HDF5File(creating: path)", 0),
  ])
  func uncheckedOpeningIsRefused(text: String, count: Int) {
    let file = RepositoryFile(path: "Sources/Datasets/A.swift", text: text)
    #expect(ClaimedSizeRules.openingViolations(of: file).count == count)
  }
}
