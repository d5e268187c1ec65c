import ArrayFiles
import Datasets
import Foundation
import TestSupport
import Testing

@Suite struct CodesFileTests {
  private let description = CodesDescription(
    sampleCount: 5, cropCount: 2, tokenCount: 3, vocabularySize: 300, classCount: 4,
    tokenizerDigest: "xxh64:aaaa", cropRecipeDigest: CropRecipe.ten.digest(size: 32))

  /// Samples 3 and 4 first, then 0 to 2.
  private func writeCodes(to path: String) throws {
    let writer = try CodesWriter(path: path, description: description)
    for range in [3..<5, 0..<3] {
      try writer.write(
        codes(range), labels: range.map { $0 % 4 }, keys: range.map { "key-\($0)" },
        at: range.lowerBound)
    }
    try writer.publish()
  }

  private func codes(_ range: Range<Int>) -> [UInt16] {
    (range.lowerBound * 6..<range.upperBound * 6).map { UInt16($0 * 10) }
  }

  @Test func codesComeBack() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/codes.h5"
      try writeCodes(to: path)
      #expect(try names(in: folder) == ["codes.h5"])
      let file = try CodesFile(path: path, tokenizerDigest: "xxh64:aaaa", blockSampleCount: 2)
      #expect(file.description == description)
      #expect(file.labels == [0, 1, 2, 3, 0])
      #expect(try file.keys() == (0..<5).map { "key-\($0)" })
      for index in [4, 0, 3, 1, 2] {
        for crop in 0..<2 {
          let first = (index * 2 + crop) * 3
          let expected = (first..<first + 3).map { UInt16($0 * 10) }
          #expect(try file.codes(at: index, crop: crop) == expected)
        }
      }
    }
  }

  @Test func codesOfAnotherTokenizerAreRefused() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/codes.h5"
      try writeCodes(to: path)
      let error = #expect(throws: DataError.self) {
        try CodesFile(path: path, tokenizerDigest: "xxh64:bbbb")
      }
      for text in [path, "xxh64:aaaa", "xxh64:bbbb"] {
        #expect(error?.description.contains(text) == true)
      }
    }
  }

  @Test func anUnfinishedFileLeavesNothing() throws {
    try withTemporaryDirectory { folder in
      var writer: CodesWriter? = try CodesWriter(
        path: folder + "/codes.h5", description: description)
      try writer?.write(codes(0..<3), labels: [0, 1, 2], keys: ["a", "b", "c"], at: 0)
      #expect(try names(in: folder).count == 1)
      writer = nil
      #expect(try names(in: folder).isEmpty)
    }
  }

  @Test func damagedCodesAreLocated() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/codes.h5"
      try writeCodes(to: path)
      let stored = codes(0..<5).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
      try modify(path) { bytes in
        let at = bytes.indices.first { bytes[$0...].starts(with: stored) }
        bytes[at ?? 0] ^= 1
      }
      let error = #expect(throws: DataError.self) { try CodesFile(path: path).codes(at: 0) }
      #expect(error?.file == path)
      #expect(error?.dataset == "codes")
      #expect(throws: DataError.self) { try CodesFile(path: folder + "/missing.h5") }
    }
  }

  @Test func aCodeBeyondTheVocabularyIsLocated() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/codes.h5"
      try writeCodes(to: path)
      // The same file again, with a smaller vocabulary than its codes need.
      let forged = folder + "/forged.h5"
      let source = try HDF5File(reading: path)
      let target = try HDF5File(creating: forged)
      for name in try source.attributes.names() {
        let value = try #require(try source.attributes.value(name))
        try target.attributes.set(name, name == "vocabulary_size" ? .integer(200) : value)
      }
      try target.write("codes", codes(0..<5), shape: [5, 2, 3])
      try target.write("labels", [0, 1, 2, 3, 0] as [Int32])
      try target.write("keys", strings: ["a", "b", "c", "d", "e"])
      try target.close()
      let error = #expect(throws: DataError.self) { try CodesFile(path: forged).codes(at: 0) }
      #expect(error?.index == 3)
      #expect(error?.problem.contains("less than 200") == true)
    }
  }

  @Test func anUnwrittenSampleIsAProgrammersMistake() async {
    await #expect(processExitsWith: .failure) {
      let description = CodesDescription(
        sampleCount: 2, cropCount: 1, tokenCount: 1, vocabularySize: 2, classCount: 1,
        tokenizerDigest: "a", cropRecipeDigest: "b")
      let path = FileManager.default.temporaryDirectory.appendingPathComponent(
        "restok-\(UUID().uuidString).h5")
      let writer = try CodesWriter(path: path.path, description: description)
      try writer.publish()
    }
  }
}
