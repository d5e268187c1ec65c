import ArrayFiles
import Testing

/// Zip archives around a sound pickle.
@Suite("PyTorch: zip archives") struct PyTorchArchiveTests {
  private typealias Entry = StoredArchive.Entry

  private static let one: [UInt8] = [0, 0, 0x80, 0x3F]
  private static let pickle = PickleBytes.pickle(
    PickleBytes.tensor(PickleBytes.storage(1), shape: [1], strides: [1]))

  /// The entries of an archive of one tensor, which holds 1.
  private static func entries(_ folder: String = "a") -> [Entry] {
    [Entry("\(folder)/data.pkl", pickle), Entry("\(folder)/data/0", one)]
  }

  private func floats(_ bytes: [UInt8]) throws -> [Float] {
    try #require(try PyTorchFile(decoding: bytes, name: "a.pth").tensors().first).floats()
  }

  private func problem(_ entries: [Entry], entryCount: Int? = nil) throws -> String {
    do {
      _ = try floats(StoredArchive.bytes(entries, entryCount: entryCount))
      return "none"
    } catch let error as ArrayFileError {
      return error.description
    } catch let error as SizeError {
      return error.description
    }
  }

  @Test(arguments: ["a", "archive", "größe", "a b.c"])
  func theFolderHasAnyName(folder: String) throws {
    #expect(try floats(StoredArchive.bytes(Self.entries(folder))) == [1])
  }

  @Test func otherEntriesArePassedOver() throws {
    let others = [
      Entry("a/version", Array("3\n".utf8)), Entry("a/byteorder", Array("little".utf8)),
      Entry("a/.data/serialization_id", [1]), Entry("a/data/unused", [1, 2, 3]), Entry("b/x", []),
    ]
    #expect(try floats(StoredArchive.bytes(Self.entries() + others)) == [1])
  }

  @Test func anArchiveOfAnotherKindIsRefused() throws {
    #expect(try problem([]).contains("begins with"))
    #expect(try problem([Entry("data.pkl", Self.pickle)]).contains("without 'data.pkl/data.pkl'"))
    #expect(try problem([Entry("a/x", [])] + Self.entries("b")).contains("without 'a/data.pkl'"))
    #expect(try problem(Self.entries() + [Entry("a/constants.pkl", [])]).contains("TorchScript"))
    #expect(
      try problem(Self.entries() + [Entry("a/byteorder", Array("big".utf8))])
        .contains("'big', expected 'little'"))
    #expect(try problem([Self.entries()[0]]).contains("storage '0' is missing"))
  }

  @Test func sizesAndPlacesMayHave64Bits() throws {
    let wide = Self.entries().map { Entry($0.name, $0.content, isWide: true) }
    #expect(try floats(StoredArchive.bytes(wide)) == [1])
    let lies: [(size: Int?, offset: Int?)] = [
      (.max, nil), (-1, nil), (5, nil), (nil, .max), (nil, -1),
    ]
    for (size, offset) in lies {
      let entry = Entry(
        "a/data/0", Self.one, claimedSize: size, claimedOffset: offset, isWide: true)
      #expect(try problem([wide[0], entry]) != "none")
    }
    // Sizes that say that they are elsewhere, and are not.
    let missing = Entry("a/data/0", Self.one, claimedSize: Int(UInt32.max))
    #expect(try problem([wide[0], missing]).contains("zip64 sizes are missing"))
  }

  @Test func compressedAndEncryptedEntriesAreRefused() throws {
    for method in [8, 9, 12, 14, 93] {
      let entries = [Self.entries()[0], Entry("a/data/0", Self.one, method: method)]
      #expect(try problem(entries).contains("compressed (method \(method))"))
    }
    #expect(
      try problem([Self.entries()[0], Entry("a/data/0", Self.one, flags: 1)]).contains("encrypted"))
  }

  @Test func liesOfTheDirectoryAreRefused() throws {
    let pickle = Self.entries()[0]
    for size in [3, 5, 100, 1 << 31, (1 << 32) - 2, (1 << 32) - 1] {
      #expect(
        try problem([pickle, Entry("a/data/0", Self.one, claimedSize: size)]) != "none", "\(size)")
    }
    for offset in [0, 1, 7, 1 << 20, (1 << 32) - 2, (1 << 32) - 1] {
      #expect(
        try problem([pickle, Entry("a/data/0", Self.one, claimedOffset: offset)]) != "none",
        "\(offset)")
    }
    #expect(
      try problem([pickle, Entry("a/data/0", Self.one, checksum: 7)]).contains("checksum"))
    #expect(try problem(Self.entries() + [Self.entries()[1]]).contains("twice"))
    for count in [0, 1, 3, 65535] {
      #expect(try problem(Self.entries(), entryCount: count) != "none", "\(count)")
    }
  }

  /// As bombs have them, in which one run of bytes stands for many entries.
  @Test func entriesThatOverlapAreRefused() throws {
    let inner = Self.entries()[1]
    let outer = Entry("a/data/1", inner.local)
    // The second header stands in the content of the first, behind its own header and name.
    let start = Self.entries()[0].local.count + 30 + outer.name.utf8.count
    let shifted = Entry("a/data/0", Self.one, claimedOffset: start)
    #expect(
      try problem([Self.entries()[0], outer, shifted]).contains("inside the entry before it"))
  }
}
