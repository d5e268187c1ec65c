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

  @Test func everyBitOfAFileCounts() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/codes.h5"
      try writeCodes(to: path)
      let content = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
      let seal = content.count - 32
      for place in Array(stride(from: 0, to: seal, by: 53)) + Array(seal..<content.count) {
        try modify(path) { $0[place] ^= 1 << UInt8(place % 8) }
        let error = #expect(throws: DataError.self, "byte \(place)") { try CodesFile(path: path) }
        #expect(error?.file == path)
        #expect(error?.problem.contains("digest") == true || place >= seal + 8, "\(error!)")
        try modify(path) { $0 = content }
      }
      for count in [1, 31, 32, 33, 64, content.count] {
        try modify(path) { $0.removeLast(count) }
        #expect(throws: DataError.self, "\(count) bytes less") { try CodesFile(path: path) }
        try modify(path) { $0 = content }
      }
      #expect(try CodesFile(path: path).warnings == [])
      #expect(throws: DataError.self) { try CodesFile(path: folder + "/missing.h5") }
    }
  }

  @Test func theDigestIsOfTheContent() throws {
    try withTemporaryDirectory { folder in
      try writeCodes(to: folder + "/a.h5")
      try writeCodes(to: folder + "/b.h5")
      let (first, second) = try (
        CodesFile(path: folder + "/a.h5"), CodesFile(path: folder + "/b.h5")
      )
      #expect(first.digest == second.digest)
      #expect(first.digest.wholeMatch(of: /xxh64:[0-9a-f]{16}/) != nil)
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
      try target.sealAndClose()
      let error = #expect(throws: DataError.self) { try CodesFile(path: forged).codes(at: 0) }
      #expect(error?.index == 3)
      #expect(error?.problem.contains("less than 200") == true)
    }
  }

  /// Writes codes of one crop with attributes that nobody checks.
  private func forge(
    _ path: String, _ changes: [String: Int64] = [:], version: Int64 = 1, isSealed: Bool = false,
    writtenCount: Int = 5
  ) throws {
    let file = try HDF5File(creating: path)
    try file.attributes.set("format", .string("restok-codes"))
    try file.attributes.set("format_version", .integer(version))
    for (name, value) in [
      "sample_count": 5, "crop_count": 1, "token_count": 3, "vocabulary_size": 300,
      "class_count": 4,
    ] as [String: Int64] {
      try file.attributes.set(name, .integer(changes[name] ?? value))
    }
    try file.attributes.set("tokenizer_digest", .string("a"))
    try file.attributes.set("crop_recipe_digest", .string("b"))
    let codes = try file.createDataset(
      "codes", type: .uint16, shape: [5, 1, 3], layout: .chunks([1, 1, 3]))
    try codes.write([UInt16](0..<UInt16(3 * writtenCount)), range: 0..<writtenCount)
    try file.write("labels", [0, 1, 2, 3, 0] as [Int32])
    try file.write("keys", strings: ["a", "b", "c", "d", "e"])
    try isSealed ? file.sealAndClose() : file.close()
  }

  @Test func theFirstFormatIsReadWithAWarning() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/codes.h5"
      try forge(path)
      let file = try CodesFile(path: path)
      #expect(try file.codes(at: 4) == [12, 13, 14])
      #expect(try file.keys() == ["a", "b", "c", "d", "e"])
      #expect(file.warnings.count == 1)
      #expect(file.warnings.first?.contains(path) == true)
      #expect(file.digest.hasPrefix("xxh64:"))
    }
  }

  @Test func theSecondFormatWithoutASealIsRefused() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/codes.h5"
      try forge(path, version: 2)
      let error = #expect(throws: DataError.self) { try CodesFile(path: path) }
      #expect(error?.problem.contains("digest") == true)
      try forge(path, version: 3, isSealed: true)
      #expect(throws: DataError.self) { try CodesFile(path: path) }
      try forge(path, version: 2, isSealed: true)
      #expect(try CodesFile(path: path).sampleCount == 5)
    }
  }

  @Test func codesThatAreNotThereAreNotRead() throws {
    try withTemporaryDirectory { folder in
      for isSealed in [false, true] {
        try forge(folder + "/codes.h5", version: 2, isSealed: isSealed, writtenCount: 4)
        #expect(throws: DataError.self) { try CodesFile(path: folder + "/codes.h5") }
      }
    }
  }

  @Test(arguments: ["sample_count", "crop_count", "token_count", "vocabulary_size", "class_count"])
  func numbersThatCannotBe(name: String) throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/codes.h5"
      for value in [Int64.min, -1, 0, 1 << 32, 1 << 62, .max] {
        try forge(path, [name: value], version: 2, isSealed: true)
        let error = #expect(throws: DataError.self, "\(value)") { try CodesFile(path: path) }
        #expect(error?.description.contains(path) == true)
      }
    }
  }

  /// Codes of the first format whose heap of strings is damaged: one ends the library by a signal, the
  /// other keeps it for ever.
  @Test(arguments: [("codes-segv", "signal"), ("codes-hang", "no end")])
  func damageThatTheLibraryDoesNotSurvive(name: String, text: String) throws {
    let path = try #require(
      Bundle.module.path(forResource: "Fixtures/\(name)", ofType: "h5"))
    let error = #expect(throws: DataError.self) { try CodesFile(path: path) }
    #expect(error?.problem.contains(text) == true, "\(String(describing: error))")
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
