import ArrayFiles
import Foundation
import TestSupport
import Testing

@Suite("HDF5: every failure says what, where and what to do")
struct HDF5FailureTests {
  /// A file with one dataset `group/x` of four chunks, its path and its bytes.
  private func withFile(_ body: (_ path: String, _ bytes: [UInt8]) throws -> Void) throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/file.h5"
      let file = try HDF5File(creating: path)
      try file.write(
        "group/x", (0..<1024).map { Float($0) + 1000 }, shape: [1024], layout: .chunks([256]))
      try file.close()
      try body(path, try bytes(of: path))
    }
  }

  private func error(_ body: () throws -> Void) throws -> HDF5Error {
    try #require(throws: HDF5Error.self) { try body() }
  }

  @Test func aFlippedByteInAChunk() throws {
    try withFile { path, content in
      // The bytes of the number 1700 occur once: in the third chunk.
      let pattern = withUnsafeBytes(of: Float(1700)) { [UInt8]($0) }
      let place = try #require(
        content.indices.dropLast(4).first { Array(content[$0..<$0 + 4]) == pattern })
      var damaged = content
      damaged[place + 2] ^= 1
      try overwrite(path, damaged)

      let dataset = try HDF5File(reading: path).dataset("group/x")
      #expect(try dataset.read(as: Float.self, range: 0..<512).count == 512)
      let error = try error { _ = try dataset.read(as: Float.self) }
      #expect(error.reason.contains("Fletcher32"))
      #expect(error.call == "H5Dread")
      #expect(error.file == path)
      #expect(error.object == "group/x")
      #expect(error.description.contains("group/x") && error.description.contains(path))
      #expect(error.advice.contains("restore"))
    }
  }

  @Test func noSuchDataset() throws {
    try withFile { path, _ in
      let file = try HDF5File(reading: path)
      let error = try error { _ = try file.dataset("group/y") }
      #expect(error.call == "H5Dopen2")
      #expect(error.object == "group/y")
      #expect(error.reason.contains("doesn't exist"))
      #expect(error.advice.contains("List"))
    }
  }

  @Test func anotherElementType() throws {
    try withFile { path, _ in
      let dataset = try HDF5File(reading: path).dataset("group/x")
      let error = try error { _ = try dataset.read(as: Int32.self) }
      #expect(error.reason.contains("int32") && error.reason.contains("float32"))
      #expect(throws: HDF5Error.self) { try dataset.readStrings() }
    }
  }

  @Test func notAnHDF5File() throws {
    try withFile { path, _ in
      try overwrite(path, [UInt8](repeating: 7, count: 3000))
      let error = try error { _ = try HDF5File(reading: path) }
      #expect(error.call == "H5Fopen")
      #expect(error.advice.contains("not HDF5"))
    }
  }

  @Test func truncated() throws {
    try withFile { path, content in
      try overwrite(path, Array(content.dropLast(1)))
      let error = try error { _ = try HDF5File(reading: path) }
      #expect(error.reason.contains("truncated file"))
      #expect(error.advice.contains("ends early"))
      try overwrite(path, [])
      #expect(throws: HDF5Error.self) { try HDF5File(reading: path) }
    }
  }

  @Test func missingFileAndFolder() throws {
    try withTemporaryDirectory { directory in
      let reading = try error { _ = try HDF5File(reading: directory + "/absent.h5") }
      #expect(reading.reason.contains("No such file"))
      #expect(reading.advice.contains("check the path"))
      #expect(throws: HDF5Error.self) { try HDF5File(creating: directory + "/absent/file.h5") }
    }
  }

  @Test func messagesOfTheSystemAreShort() {
    let cause =
      "file write failed: time = Tue Nov 24 15:46:12 2026\n, filename = '/a/b.h5', "
      + "file descriptor = 8, errno = 28, error message = 'No space left on device', buf = 0x7fe"
    #expect(
      HDF5Library.readableText(of: ["H5F: unable to flush", cause, "no cache", cause, "no cache"])
        == "H5F: unable to flush: file write failed: No space left on device: no cache")
    #expect(HDF5Library.readableText(of: []) == "HDF5 gives no reason")
  }

  @Test func fullDisk() throws {
    // Linux offers a device that is always full; a write through it needs no privilege.
    guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
    let error = try error {
      let file = try HDF5File(creating: "/dev/full")
      try file.write("x", [Float](repeating: 1, count: 1 << 20), layout: .contiguous)
      try file.close()
    }
    #expect(error.file == "/dev/full")
  }

  @Test func useAfterClose() throws {
    try withFile { path, _ in
      let file = try HDF5File(reading: path)
      let dataset = try file.dataset("group/x")
      try file.close()
      try file.close()
      #expect(try error { _ = try dataset.read(as: Float.self) }.reason.contains("closed"))
      #expect(try error { _ = try file.datasetNames() }.reason.contains("closed"))
      #expect(try error { _ = try dataset.attributes.names() }.reason.contains("closed"))
    }
  }

  @Test func writingToAReader() throws {
    try withFile { path, content in
      let file = try HDF5File(reading: path)
      #expect(throws: HDF5Error.self) { try file.write("y", [Float(1)]) }
      #expect(throws: HDF5Error.self) { try file.dataset("group/x").write([Float(1)]) }
      try file.close()
      #expect(try bytes(of: path) == content)
    }
  }

  @Test func typesThatHDF5DoesNotHave() throws {
    try withTemporaryDirectory { directory in
      let file = try HDF5File(creating: directory + "/file.h5")
      #expect(throws: HDF5Error.self) {
        try file.createDataset("x", type: .bfloat16, shape: [1])
      }
    }
  }

  @Test func shapesThatDoNotFit() async {
    await #expect(processExitsWith: .failure) {
      let path = NSTemporaryDirectory() + "/test-shape-\(UUID().uuidString).h5"
      let file = try HDF5File(creating: path)
      unlink(path)
      try file.write("x", [Float](repeating: 0, count: 5), shape: [2, 3])
    }
  }
}
