import ArrayFiles
import Foundation
import TestSupport
import Testing

@Suite("Digests: compared before a library opens a file")
struct ContentRecordTests {
  /// A file of numbers and strings, its path and its bytes.
  private func withFile(
    isSealed: Bool, _ body: (_ path: String, _ bytes: [UInt8]) throws -> Void
  ) throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/file.h5"
      let file = try HDF5File(creating: path)
      try file.attributes.set("kind", .string("test"))
      try file.write("x", (0..<100).map { Float($0) })
      try file.write("keys", strings: ["a", "bc"])
      try isSealed ? file.sealAndClose() : file.close()
      try body(path, try bytes(of: path))
    }
  }

  @Test func aFileThatMatchesItsRecordIsOpened() throws {
    try withFile(isSealed: false) { path, content in
      let record = try ContentRecord(ofFile: path)
      #expect(record.byteCount == content.count)
      #expect(record.digest == content.withUnsafeBytes { ContentDigest.of($0).hexadecimal })
      let file = try HDF5File(reading: path, matching: record)
      #expect(file.record == record)
      #expect(try file.dataset("x").read(as: Float.self) == (0..<100).map { Float($0) })
    }
  }

  @Test func anotherFileIsNotOpened() throws {
    // No HDF5 at all: the library would say so, and it is not asked.
    try withFile(isSealed: false) { path, content in
      let record = try ContentRecord(ofFile: path)
      for other in [
        [UInt8](repeating: 7, count: content.count), Array(content.dropLast()), content + [0], [],
      ] {
        try overwrite(path, other)
        let error = try #require(throws: ContentMismatch.self) {
          try HDF5File(reading: path, matching: record)
        }
        #expect(error.file == path)
        #expect(error.found != error.expected)
        #expect("\(error)".contains(error.found) && "\(error)".contains(error.expected))
      }
      try FileManager.default.removeItem(atPath: path)
      #expect(throws: FileError.self) { try HDF5File(reading: path, matching: record) }
    }
  }

  @Test func aFileThatWasComparedIsNotComparedAgainUntilItChanges() throws {
    try withFile(isSealed: false) { path, content in
      let identity = try FileIdentity(of: path)
      let wrong = ContentRecord(byteCount: content.count, digest: "0000000000000000")
      #expect(throws: ContentMismatch.self) { try HDF5File(reading: path, matching: wrong) }
      #expect(
        try HDF5File(reading: path, matching: wrong, comparedBefore: identity).record == wrong)
      Thread.sleep(forTimeInterval: 0.05)
      try overwrite(path, content)
      #expect(throws: ContentMismatch.self) {
        try HDF5File(reading: path, matching: wrong, comparedBefore: identity)
      }
    }
  }

  @Test func everyByteOfASealedFileCounts() throws {
    try withFile(isSealed: true) { path, content in
      let file = try HDF5File(readingAlone: path)
      #expect(file.record?.byteCount == content.count - ContentSeal.byteCount)
      #expect(try file.dataset("keys").readStrings() == ["a", "bc"])
      try file.close()
      let end = content.count - ContentSeal.byteCount
      for place in Array(stride(from: 0, to: end, by: 97)) + [end - 1] {
        var damaged = content
        damaged[place] ^= 1 << UInt8(place % 8)
        try overwrite(path, damaged)
        #expect(throws: ContentMismatch.self, "byte \(place)") {
          try HDF5File(readingAlone: path)
        }
      }
      for place in end..<content.count {
        var damaged = content
        damaged[place] ^= 1 << UInt8(place % 8)
        try overwrite(path, damaged)
        // Then it has no seal, and is one of which nothing is known.
        #expect(try HDF5File(readingAlone: path).record == nil, "byte \(place)")
      }
      // The seal of another file.
      try overwrite(path, content.dropLast(40) + content.suffix(ContentSeal.byteCount))
      #expect(throws: ContentMismatch.self) { try HDF5File(readingAlone: path) }
    }
  }

  @Test func aFileWithoutASealIsTriedFirst() throws {
    try withFile(isSealed: false) { path, content in
      let file = try HDF5File(readingAlone: path)
      #expect(file.record == nil)
      #expect(try file.dataset("x").read(as: Float.self).count == 100)
      // The library would share what it knows of a file that is open.
      try file.close()
      // Damage all over ends in an error or in a file that can be read, never in a signal.
      for place in stride(from: 0, to: content.count, by: content.count / 30) {
        var damaged = content
        for next in place..<min(place + 24, content.count) { damaged[next] = 255 }
        try overwrite(path, damaged)
        let opened = try? HDF5File(readingAlone: path)
        _ = try? opened?.dataset("keys").readStrings()
      }
      try overwrite(path, [UInt8](repeating: 7, count: 3000))
      let error = try #require(throws: HDF5Error.self) { try HDF5File(readingAlone: path) }
      #expect(error.advice.contains("not HDF5"))
    }
  }

  /// What the trial refuses for want of memory is not opened where there is more.
  @Test func aFileThatClaimsTooMuchMemoryIsNotOpened() throws {
    let claim = try Repository.bytes(of: "Tests/Fuzzing/Findings/codes/root-header-of-2-gibibytes")
    try withFile(isSealed: false) { path, _ in
      try overwrite(path, claim)
      let error = try #require(throws: HDF5Error.self) { try HDF5File(readingAlone: path) }
      #expect("\(error)".contains("wanted more than 1 GiB of memory"), "\(error)")
    }
  }

  @Test func aDigestInATextFindsEveryChange() throws {
    let digest = try #require(
      EmbeddedDigest.value(
        of: Array("{ a: \(EmbeddedDigest.placeholder) }".utf8), without: EmbeddedDigest.placeholder)
    )
    let text = Array("{ a: \(digest) }".utf8)
    #expect(EmbeddedDigest.isRight(digest, of: text))
    for place in text.indices {
      var changed = text
      changed[place] ^= 1
      let found = String(decoding: changed[5..<21], as: UTF8.self)
      #expect(!EmbeddedDigest.isRight(found, of: changed), "byte \(place)")
    }
    #expect(EmbeddedDigest.value(of: text + text, without: digest) == nil)
    #expect(EmbeddedDigest.value(of: [], without: digest) == nil)
    #expect(EmbeddedDigest.value(of: text, without: "") == nil)
  }
}
