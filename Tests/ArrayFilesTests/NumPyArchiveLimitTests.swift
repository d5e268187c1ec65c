import ArrayFiles
import Foundation
import TestSupport
import Testing

/// Archives whose numbers are not to be believed.
@Suite("NumPy: sizes in .npz") struct NumPyArchiveLimitTests {
  /// A `.npy` file whose header announces a shape of bytes, before the given elements.
  private static func array(shape: String, elements: [UInt8]) -> [UInt8] {
    let text = "{'descr': '|u1', 'fortran_order': False, 'shape': \(shape), }"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.utf8.count), 0] + Array(text.utf8)
      + elements
  }

  /// A zip archive of one stored file; `claimed` is what it says of the size.
  private static func archive(_ content: [UInt8], claimed: Int? = nil) -> [UInt8] {
    StoredArchive.bytes([StoredArchive.Entry("x.npy", content, claimedSize: claimed)])
  }

  private func read(_ bytes: [UInt8]) throws -> NumPyArray {
    try withTemporaryDirectory { directory in
      try overwrite(directory + "/a.npz", bytes)
      return try NumPyArchive(contentsOf: directory + "/a.npz").array("x")
    }
  }

  @Test func aSoundArchiveIsRead() throws {
    let array = try read(Self.archive(Self.array(shape: "(3,)", elements: [7, 8, 9])))
    #expect(try array.elements(as: UInt8.self) == [7, 8, 9])
  }

  /// 2^28 bytes are free for a file of any size; of these files 32 times the size does not add much.
  @Test(arguments: ["(1073741824,)", "(300000000,)", "(4611686018427387903,)", "(65536, 65536)"])
  func anArrayBeyondTheLimitIsRefusedUnread(shape: String) throws {
    let error = try #require(throws: ArrayFileError.self) {
      try read(Self.archive(Self.array(shape: shape, elements: [1, 2, 3])))
    }
    #expect(error.problem.contains("may come out of a file of this size"), "\(error)")
    #expect(error.file.hasSuffix("a.npz[x]"))
  }

  @Test func anArrayThatIsNotThereIsAnError() throws {
    for (shape, sign) in [("(100000000,)", "3 bytes follow"), ("(2,)", "more than 2 bytes follow")]
    {
      let error = try #require(throws: ArrayFileError.self) {
        try read(Self.archive(Self.array(shape: shape, elements: [1, 2, 3])))
      }
      #expect(error.problem.contains(sign), "\(error)")
    }
  }

  @Test(arguments: [4_294_967_294, 4_294_967_295, 1 << 31, 200])
  func aMemberThatClaimsToBeLongerIsAnError(claimed: Int) {
    #expect(throws: ArrayFileError.self) {
      try read(Self.archive(Self.array(shape: "(3,)", elements: [1, 2, 3]), claimed: claimed))
    }
  }

  @Test func aHeaderBeyondTheLimitIsRefused() throws {
    let length = NumPyArchive.freeByteCount
    let bytes =
      [0x93] + Array("NUMPY".utf8) + [2, 0] + StoredArchive.littleEndian(length, byteCount: 4)
      + Array("{'descr'".utf8)
    let alone = try #require(throws: ArrayFileError.self) {
      try NumPyArray(decoding: bytes, name: "a.npy")
    }
    #expect(alone.problem.contains("more than 1048576"), "\(alone)")
    let error = try #require(throws: ArrayFileError.self) { try read(Self.archive(bytes)) }
    #expect(error.problem.contains("more than 1048576"), "\(error)")
  }
}
