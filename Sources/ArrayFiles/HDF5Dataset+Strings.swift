import CHDF5
import Foundation

extension HDF5Dataset {
  /// Reads strings, of variable or of fixed length.
  ///
  /// `range`: indices on the first axis; the whole dataset where it is left out.
  /// - Throws: `HDF5Error` when the elements are not strings or not UTF-8, or the range does not
  ///   fit.
  public func readStrings(range: Range<Int>? = nil) throws -> [String] {
    try checkIsString("readStrings")
    return try withHandle("readStrings") { handle, datatype in
      let count = try selectedCount(range, "readStrings")
      if count == 0 { return [] }
      return try withSelection(range) { memory, selected in
        try HDF5Strings.read(
          datatype: datatype, count: count, place: place, limit: max(byteCount, 1)
        ) { type, buffer in
          ("H5Dread", H5Dread(handle, type, memory, selected, CHDF5_defaultProperties(), buffer))
        }
      }
    }
  }

  /// Writes strings.
  ///
  /// `range`: indices on the first axis; the whole dataset where it is left out.
  /// - Throws: `HDF5Error` when a string holds a zero character or is longer than the dataset's, or
  ///   range or count do not fit.
  public func writeStrings(_ strings: [String], range: Range<Int>? = nil) throws {
    try checkIsString("writeStrings")
    try file.writing("writeStrings", object: name) { _ in
      let count = try selectedCount(range, "writeStrings")
      guard strings.count == count else {
        throw place.failure(
          "writeStrings", "\(strings.count) strings were given, \(count) are needed",
          advice: "Give one string an element.")
      }
      if strings.isEmpty { return }
      try withHandle("writeStrings") { handle, datatype in
        let size = H5Tget_size(datatype)
        try withSelection(range) { memory, selected in
          try HDF5Strings.withBytes(of: strings, paddedTo: size, place: place) { type, buffer in
            _ = try place.check(
              "H5Dwrite",
              H5Dwrite(handle, type, memory, selected, CHDF5_defaultProperties(), buffer))
          }
        }
      }
    }
  }

  private func checkIsString(_ operation: String) throws {
    guard isString else {
      throw place.failure(
        operation,
        "strings were asked for, the dataset holds \(elementType.map { "\($0)" } ?? "another type")",
        advice: "Read the stored type.")
    }
  }
}

/// Strings as HDF5 passes them: pointers for variable length, padded bytes for fixed length.
enum HDF5Strings {
  /// Reads strings of a stored type by a call that fills a buffer.
  ///
  /// `limit`: bytes that the file holds of them at most.
  static func read(
    datatype: hid_t, count: Int, place: HDF5Place, limit: Int,
    by call: (_ type: hid_t, _ buffer: UnsafeMutableRawPointer?) -> (name: String, status: herr_t)
  ) throws -> [String] {
    let size = H5Tget_size(datatype)
    let byteCount = try place.size(
      product: [size, count], field: "the number of bytes of strings", limit: limit)
    if try place.check("H5Tis_variable_str", H5Tis_variable_str(datatype)) > 0 {
      return try readVariable(datatype: datatype, count: count, place: place, by: call)
    }
    var bytes = [UInt8](repeating: 0, count: byteCount)
    let result = bytes.withUnsafeMutableBytes { call(datatype, $0.baseAddress) }
    try place.check(result.name, result.status)
    let isSpacePadded = H5Tget_strpad(datatype) == H5T_STR_SPACEPAD
    return try (0..<count).map { index in
      var characters = bytes[index * size..<(index + 1) * size].prefix { $0 != 0 }
      while isSpacePadded, characters.last == UInt8(ascii: " ") { characters.removeLast() }
      guard let string = String(validating: characters, as: UTF8.self) else {
        throw notUnicode(place)
      }
      return string
    }
  }

  /// The bytes that the longest of some strings takes, at least one.
  static func byteCount(ofLongest strings: [String]) -> Int {
    max(strings.map(\.utf8.count).max() ?? 0, 1)
  }

  /// Runs `body` with the strings one after the other, each filled up with zeros, and their type.
  static func withBytes<Result>(
    of strings: [String], paddedTo size: Int, place: HDF5Place,
    _ body: (_ type: hid_t, _ buffer: UnsafeRawPointer) throws -> Result
  ) throws -> Result {
    if let string = strings.first(where: { $0.utf8.contains(0) }) {
      throw place.failure(
        "write", "the string \(string.debugDescription) holds a zero character",
        advice: "HDF5's strings end at a zero: remove it.")
    }
    if let string = strings.first(where: { $0.utf8.count > size }) {
      throw place.failure(
        "write", "the string \(string.debugDescription) is longer than \(size) bytes",
        advice: "Create the dataset for its longest string.")
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(strings.count * size)
    for string in strings {
      bytes += string.utf8
      bytes += repeatElement(0, count: size - string.utf8.count)
    }
    return try place.withStringType(byteCount: size) { type in
      try bytes.withUnsafeBytes { buffer in
        guard let base = buffer.baseAddress else {
          throw place.failure("write", "no string was given", advice: "Give at least one.")
        }
        return try body(type, base)
      }
    }
  }

  private static func readVariable(
    datatype: hid_t, count: Int, place: HDF5Place,
    by call: (_ type: hid_t, _ buffer: UnsafeMutableRawPointer?) -> (name: String, status: herr_t)
  ) throws -> [String] {
    var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
    let result = pointers.withUnsafeMutableBytes { call(datatype, $0.baseAddress) }
    // After a failure the pointers may be anything: a leak is better than a crash.
    try place.check(result.name, result.status)
    // HDF5 has taken the memory of each string with malloc.
    defer { pointers.forEach { free($0) } }
    return try pointers.map { pointer in
      guard let pointer else { return "" }
      guard let string = String(validatingCString: pointer) else { throw notUnicode(place) }
      return string
    }
  }

  private static func notUnicode(_ place: HDF5Place) -> HDF5Error {
    place.failure(
      "readStrings", "a string is not UTF-8",
      advice: "Write the strings anew as UTF-8; the file may also be damaged.")
  }
}
