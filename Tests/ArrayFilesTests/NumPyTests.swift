import ArrayFiles
import Foundation
import TestSupport
import Testing

// The fixtures come from NumPy 2.4.6:
//   a = np.arange(6, dtype='<i4').reshape(2, 3)
private let versionOne =
  "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMp"
  + "LCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAA"
  + "AQAAAAIAAAADAAAABAAAAAUAAAA="  // np.save(f, a)
private let versionTwo =
  "k05VTVBZAgB0AAAAeydkZXNjcic6ICc8aTQnLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMiwg"
  + "MyksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAA"
  + "AQAAAAIAAAADAAAABAAAAAUAAAA="  // np.lib.format.write_array(f, a, version=(2, 0))
private let fortranOrder =
  "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk0JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyks"
  + "IH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAA"
  + "AwAAAAEAAAAEAAAAAgAAAAUAAAA="  // np.save(f, np.asfortranarray(a))
private let compressedArchive =
  "UEsDBC0AAAAIAAAAIQCaCbEc//////////8KABQAaW1hZ2VzLm5weQEAEACMAAAAAAAAAFQAAAAAAAAAm+wX6hsQ"
  + "ychQxlCtnpJanFykbqWgXlNqqK6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaxjoKRkCkqaNQq0Ae4GJg"
  + "ZGJmYWVj5+Dk4gYAUEsDBC0AAAAIAAAAIQDf6Qyy//////////8KABQAbGFiZWxzLm5weQEAEACYAAAAAAAAAE0A"
  + "AAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNpoa6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkaxjqa"
  + "Ogq1ChQALmYGCGCE0kxQGgBQSwECLQMtAAAACAAAACEAmgmxHFQAAACMAAAACgAAAAAAAAAAAAAAgAEAAAAAaW1h"
  + "Z2VzLm5weVBLAQItAy0AAAAIAAAAIQDf6QyyTQAAAJgAAAAKAAAAAAAAAAAAAACAAZAAAABsYWJlbHMubnB5UEsF"
  + "BgAAAAACAAIAcAAAABkBAAAAAA=="
// np.savez_compressed(f, images=np.arange(12, dtype='u1').reshape(3, 2, 2),
//                     labels=np.array([3, 1, 2], dtype='<i8'))
private let storedArchive =
  "UEsDBC0AAAAAAAAAIQDWQ0sF//////////8FABQAeC5ucHkBABAAiAAAAAAAAACIAAAAAAAAAJNOVU1QWQEAdgB7"
  + "J2Rlc2NyJzogJzxmNCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCksIH0gICAgICAgICAg"
  + "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAADAPwAAAMBQSwECLQMt"
  + "AAAAAAAAACEA1kNLBYgAAACIAAAABQAAAAAAAAAAAAAAgAEAAAAAeC5ucHlQSwUGAAAAAAEAAQAzAAAAvwAAAAAA"
// np.savez(f, x=np.float32([1.5, -2]))

@Suite("NumPy: .npy")
struct NumPyArrayTests {
  @Test(arguments: [versionOne, versionTwo])
  func readsWhatNumPyWrites(text: String) throws {
    let array = try NumPyArray(decoding: fixture(text), name: "fixture")
    #expect(array.elementType == .int32)
    #expect(array.shape == [2, 3])
    #expect(try array.elements(as: Int32.self) == [0, 1, 2, 3, 4, 5])
  }

  @Test func writesWhatNumPyWrites() throws {
    #expect(NumPyArray([Int32](0..<6), shape: [2, 3]).encoded == (try fixture(versionOne)))
  }

  @Test(arguments: [[Int](), [0], [4, 0], [7], [2, 3, 4]])
  func roundTrips(shape: [Int]) throws {
    func check<Element: ArrayElement & Numeric>(_ type: Element.Type) throws {
      let count = shape.reduce(1, *)
      let elements = (0..<count).map { Element(exactly: $0 % 100) ?? 0 }
      try withTemporaryDirectory { directory in
        let path = directory + "/array.npy"
        try NumPyArray(elements, shape: shape).write(to: path)
        let array = try NumPyArray(contentsOf: path)
        #expect(array == NumPyArray(elements, shape: shape))
        #expect(try array.elements(as: type) == elements)
        #expect(array.elementCount == count)
      }
    }
    try check(Float.self)
    try check(Double.self)
    try check(Int32.self)
    try check(Int64.self)
    try check(UInt8.self)
    try check(UInt16.self)
  }

  @Test func aHeaderTooLongForVersionOne() throws {
    let shape = [Int](repeating: 1, count: 30_000)
    let bytes = NumPyArray([UInt8(9)], shape: shape).encoded
    #expect(bytes[6] == 2)
    #expect(try NumPyArray(decoding: bytes, name: "long").shape == shape)
  }

  @Test func fortranOrderIsRefused() throws {
    let error = try #require(throws: ArrayFileError.self) {
      try NumPyArray(decoding: fixture(fortranOrder), name: "fixture")
    }
    #expect(error.problem.contains("Fortran"))
    #expect(error.advice.contains("ascontiguousarray"))
  }

  @Test(arguments: [
    ("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "'>f4'"),
    ("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }", "records"),
    ("{'descr': '<f4', 'fortran_order': False}", "keys"),
    ("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", "malformed"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "malformed"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1 1)}", "malformed"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': True}", "shape"),
    ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "twice"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", "memory"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "needs 8"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (0,)}", "needs 0"),
    ("[1]", "malformed"),
    ("", "malformed"),
  ])
  func malformedHeaders(text: String, sign: String) throws {
    let size = UInt8(text.utf8.count)
    let bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, size, 0] + Array(text.utf8) + [0, 0, 0, 0]
    let error = try #require(throws: ArrayFileError.self) {
      try NumPyArray(decoding: bytes, name: "bytes.npy")
    }
    #expect(error.problem.contains(sign), "\(error)")
    #expect(error.description.contains("bytes.npy"))
  }

  @Test func cutOffAnywhere() throws {
    let bytes = try fixture(versionOne)
    for count in 0..<bytes.count {
      #expect(throws: ArrayFileError.self, "\(count) bytes") {
        try NumPyArray(decoding: Array(bytes.prefix(count)), name: "cut")
      }
    }
    var otherVersion = bytes
    otherVersion[6] = 3
    #expect(throws: ArrayFileError.self) {
      try NumPyArray(decoding: otherVersion, name: "version")
    }
  }

  @Test func anotherElementTypeAndMissingFile() throws {
    let array = NumPyArray([Float(1)])
    #expect(throws: ArrayFileError.self) { try array.elements(as: Double.self) }
    #expect(throws: FileError.self) { try NumPyArray(contentsOf: "/absent/array.npy") }
  }
}

@Suite("NumPy: .npz")
struct NumPyArchiveTests {
  @Test func readsWhatNumPyWrites() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/arrays.npz"
      try overwrite(path, fixture(compressedArchive))
      let compressed = try NumPyArchive(contentsOf: path)
      #expect(compressed.names == ["images", "labels"])
      #expect(try compressed.array("images") == NumPyArray([UInt8](0..<12), shape: [3, 2, 2]))
      #expect(try compressed.array("labels").elements(as: Int64.self) == [3, 1, 2])
      try overwrite(path, fixture(storedArchive))
      #expect(try NumPyArchive(contentsOf: path).array("x").elements() == [Float(1.5), -2])
    }
  }

  @Test func roundTrip() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/arrays.npz"
      let arrays = [
        ("second", NumPyArray([Double(2)], shape: [])), ("first", NumPyArray([UInt16]())),
        ("big", NumPyArray([Int32](0..<400_000), shape: [400, 1000])),
      ]
      try NumPyArchive.write(arrays, to: path)
      let archive = try NumPyArchive(contentsOf: path)
      #expect(archive.names == ["second", "first", "big"])
      for (name, array) in arrays { #expect(try archive.array(name) == array) }
      #expect(throws: ArrayFileError.self) { try archive.array("third") }
      let first = try bytes(of: path)
      try NumPyArchive.write(arrays, to: path)
      #expect(try bytes(of: path) == first)
      #expect(try FileSystem.names(in: directory) == ["arrays.npz"])
    }
  }

  @Test func damage() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/arrays.npz"
      try overwrite(path, [UInt8](repeating: 1, count: 500))
      #expect(throws: ArrayFileError.self) { try NumPyArchive(contentsOf: path) }
      var flipped = try fixture(storedArchive)
      // In the data of x; the checksum of the archive finds it.
      flipped[185] ^= 0x10
      try overwrite(path, flipped)
      #expect(throws: ArrayFileError.self) { try NumPyArchive(contentsOf: path) }
      #expect(throws: FileError.self) { try NumPyArchive(contentsOf: directory + "/absent.npz") }
      #expect(throws: ArrayFileError.self) {
        try NumPyArchive.write([("größe", NumPyArray([Float(1)]))], to: path)
      }
    }
  }
}
