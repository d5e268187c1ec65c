import ArrayFiles
import Evaluation
import Foundation
import TestSupport
import Testing

/// Archives as NumPy writes them: read to equal numbers, or refused with what is wrong.
@Suite struct ArchiveGoldenTests {
  @Test(arguments: GoldenCase.archives)
  func archivesHoldWhatNumPyWrote(golden: GoldenCase) throws {
    let facts = try golden.value().fields
    #expect(!facts.isEmpty)
    var arrayCount = 0
    for (name, arrays) in facts {
      let expected = arrays.fields
      let directory = try NumPyArchiveDirectory(
        contentsOf: golden.path(of: "npz/\(name).npz"))
      #expect(Set(directory.names) == Set(expected.keys), "\(name)")
      for (array, fact) in expected {
        let isFortran = fact["fortran"] == .flag(true)
        guard !isFortran else {
          let error = #expect(throws: ArrayFileError.self) { try directory.header(of: array) }
          #expect(error?.problem.contains("Fortran") == true)
          continue
        }
        let (elementType, shape) = try directory.header(of: array)
        #expect(fact["dtype"] == .text(elementType.rawValue), "\(name), \(array)")
        #expect(
          shape.map(Double.init) == fact["shape"]?.elements.map(\.number), "\(name), \(array)")
        try compare(try numbers(directory, array), fact, "\(name), \(array)")
        arrayCount += 1
      }
    }
    print("golden \(golden.testDescription): \(arrayCount) arrays of \(facts.count) archives")
  }

  /// All numbers of an array, read in pieces where it is of bytes.
  private func numbers(_ directory: NumPyArchiveDirectory, _ array: String) throws -> [Double] {
    let (elementType, shape) = try directory.header(of: array)
    let count = shape.reduce(1, *)
    let stream = try directory.stream(array)
    switch elementType {
    case .uint8:
      return try stride(from: 0, to: count, by: 100).flatMap {
        try stream.elements(min(100, count - $0), as: UInt8.self).map(Double.init)
      }
    case .int64: return try stream.elements(count, as: Int64.self).map(Double.init)
    default: return try directory.doubles(array, shape: shape)
    }
  }

  private func compare(_ numbers: [Double], _ fact: GoldenValue, _ label: String) throws {
    #expect(numbers.first == fact["first"]?.number, "\(label)")
    #expect(numbers.last == fact["last"]?.number, "\(label)")
    expectClose(
      [numbers.reduce(0, +)], [try #require(fact["sum"]?.number)], tolerance: 1e-12, label)
  }

  @Test(arguments: GoldenCase.archives)
  func soundOnesAreTakenAndOthersRefused(golden: GoldenCase) throws {
    func images(_ name: String) throws -> ImageSet {
      try ImageSet(paths: [golden.path(of: "npz/\(name).npz")], size: nil)
    }
    func statistics(_ name: String) throws -> StatisticsFile {
      try StatisticsFile(
        NumPyArchiveDirectory(contentsOf: golden.path(of: "npz/\(name).npz")))
    }
    let expected = try pictures(images("samples"))
    for name in ["samples-labelled", "samples-compressed", "reference"] {
      #expect(try pictures(images(name)) == expected, "\(name)")
    }
    #expect(
      try statistics("reference").spatial?.dimension == statistics("reference").pool.dimension + 2)
    #expect(try statistics("reference-statistics-only").spatial == nil)
    expectClose(
      try statistics("reference-float32").pool.mean,
      try statistics("reference-statistics-only").pool.mean, tolerance: 1e-6, "float32 means")
    for (name, words) in [
      ("wrong-name", ["arr_0", "images"]), ("wrong-type", ["float32", "uint8"]),
      ("wrong-shape", ["[N, height, width, 3]"]), ("samples-fortran", ["Fortran"]),
      ("truncated", ["zip archive"]),
    ] {
      let error = #expect(throws: ArrayFileError.self) { try images(name) }
      for word in words { #expect("\(error as Any)".contains(word), "\(name): \(error as Any)") }
    }
    let error = #expect(throws: ArrayFileError.self) { try statistics("wrong-size") }
    #expect("\(error as Any)".contains("expected ["))
    #expect(throws: ArrayFileError.self) { try statistics("samples") }
    print("golden \(golden.testDescription): sound archives taken, 6 others refused")
  }

  private func pictures(_ set: ImageSet) throws -> [[UInt8]] {
    let reader = try set.reader()
    return try reader.next(2).map(\.pixels) + reader.next(set.count - 2).map(\.pixels)
  }
}
