import Foundation

/// What is in an `.npz` file, whose arrays are read one by one and may be larger than memory.
///
/// `NumPyArchive` reads all arrays at once. Here only their headers are, and what is wrong with an array is told
/// when it is asked for: one that nobody wants may be of any kind.
public struct NumPyArchiveDirectory: Sendable {
  /// The path of the file.
  public let path: String
  /// The arrays' names in the order of the file.
  public let names: [String]
  private let headers: [String: Result<NumPyHeader, any Error>]

  /// Reads the headers of all arrays.
  ///
  /// - Throws: `FileError` when the file cannot be read; `ArrayFileError` or `SizeError` when it is no zip
  ///   archive, cut off, or has a name twice.
  public init(contentsOf path: String) throws {
    self.path = path
    // The directory is at the end: what was cut off is known before anything is worked on.
    _ = try ZipDirectoryFrame(LittleEndianBytes(fileContent(at: path)), path: path)
    var names: [String] = []
    var headers: [String: Result<NumPyHeader, any Error>] = [:]
    let entries = try ZipEntryStream(path: path)
    while let entry = try entries.next() {
      let name = Self.arrayName(of: entry)
      let header = Result {
        try NumPyHeader.decode(from: { try entries.read($0) }, origin: "\(path)[\(name)]")
      }
      guard headers.updateValue(header, forKey: name) == nil else {
        throw ArrayFileError(
          file: path, array: name, problem: "it occurs twice", advice: damagedFileAdvice)
      }
      names.append(name)
    }
    self.names = names
    self.headers = headers
  }

  /// Whether there is an array of this name.
  public func has(_ name: String) -> Bool { headers[name] != nil }

  /// The element type and the shape of an array.
  ///
  /// - Throws: `ArrayFileError` when there is no such array, or it is not as `NumPyArray` wants it.
  public func header(of name: String) throws -> (elementType: ArrayElementType, shape: [Int]) {
    guard let header = headers[name] else {
      throw ArrayFileError(
        file: path, array: name, problem: "there is no such array",
        advice: "The file has: \(names.joined(separator: ", ")).")
    }
    let found = try header.get()
    return (found.elementType, found.shape)
  }

  /// Opens an array, to be read from its beginning.
  ///
  /// - Throws: As `header(of:)`, and the errors of files.
  public func stream(_ name: String) throws -> NumPyArrayStream {
    _ = try header(of: name)
    let entries = try ZipEntryStream(path: path)
    while let entry = try entries.next() {
      guard Self.arrayName(of: entry) == name else { continue }
      return try NumPyArrayStream(entries, origin: "\(path)[\(name)]")
    }
    throw ArrayFileError(
      file: path, array: name, problem: "it was there a moment ago",
      advice: "Do not change the file while it is read.")
  }

  /// The numbers of an array of a known shape and any floating-point type.
  ///
  /// - Parameters:
  ///   - name: The array.
  ///   - shape: The shape that it must have, compared before anything is read.
  /// - Returns: Its numbers in row-major order.
  /// - Throws: `ArrayFileError` for another shape or another kind of elements, and what reading throws.
  public func doubles(_ name: String, shape: [Int]) throws -> [Double] {
    let (elementType, found) = try header(of: name)
    guard found == shape else {
      throw ArrayFileError(
        file: path, array: name, problem: "its shape is \(found), expected \(shape)",
        advice: "Check that the file is the one meant.")
    }
    let stream = try stream(name)
    let count = try claimedSize(
      product: shape, field: "the shape", of: path, limit: SizeLimit.elementCount)
    switch elementType {
    case .float64: return try stream.elements(count, as: Double.self)
    case .float32: return try stream.elements(count, as: Float.self).map(Double.init)
    case .float16:
      return try stream.bytes(ofElements: count).withUnsafeBytes { bytes in
        (0..<count).map {
          Double(
            Float16(
              bitPattern: UInt16(
                littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self))))
        }
      }
    default:
      throw ArrayFileError(
        file: path, array: name,
        problem: "its elements are \(elementType), expected float16, float32 or float64",
        advice: "Convert the array with astype and save it again.")
    }
  }

  private static func arrayName(of entry: String) -> String {
    entry.hasSuffix(".npy") ? String(entry.dropLast(4)) : entry
  }
}
