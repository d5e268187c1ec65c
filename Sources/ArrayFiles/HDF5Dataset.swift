import CHDF5

/// A dataset of an open HDF5 file: an array of numbers or of strings.
///
/// It keeps its file alive; after the file's `close` every use is an error.
public final class HDF5Dataset: @unchecked Sendable {
  /// The file.
  public let file: HDF5File
  /// The name, with its groups.
  public let name: String
  /// The size of each axis; empty for a single element.
  public let shape: [Int]
  /// The type of the numbers, or nil where the elements are strings or of a type without a name
  /// here.
  public let elementType: ArrayElementType?
  /// Whether the elements are strings.
  public let isString: Bool
  /// The shape of the chunks, or nil where the elements lie in one run.
  public let chunkShape: [Int]?
  /// Whether each chunk has a Fletcher-32 checksum.
  public let hasChecksum: Bool
  /// Whether such checksums are all that is done to a chunk, and the elements are stored as they lie in
  /// memory.
  let hasOnlyChecksums: Bool
  /// HDF5's handle; used under the library's lock.
  let handle: hid_t

  /// Bytes of all elements as they are stored, without checksums and unpacked.
  let byteCount: Int

  /// Takes over an open dataset's handle; in a file that is read all elements must be there.
  init(file: HDF5File, name: String, handle: hid_t) throws {
    let place = HDF5Place(file: file.path, object: name)
    let description: HDF5DatasetDescription
    do {
      description = try HDF5DatasetDescription(of: handle, place: place)
      if !file.isWritable { try description.checkStorage(of: handle, in: file) }
    } catch {
      H5Dclose(handle)
      throw error
    }
    self.file = file
    self.name = name
    self.handle = handle
    shape = description.shape
    elementType = description.elementType
    isString = description.isString
    chunkShape = description.chunkShape
    hasChecksum = description.hasChecksum
    hasOnlyChecksums = description.isAsInMemory && description.hasOnlyChecksums
    byteCount = description.byteCount
  }

  deinit {
    // Closing the file has closed the dataset already, and its handle may no longer be used.
    HDF5Library.locked {
      if file.isOpen { _ = H5Dclose(handle) }
    }
  }

  /// The number of elements.
  public var elementCount: Int { shape.reduce(1, *) }

  /// The attributes of the dataset.
  public var attributes: HDF5Attributes {
    HDF5Attributes(file: file, owner: name) {
      _ = try self.file.openHandle("attributes", object: self.name)
      return self.handle
    }
  }

  var place: HDF5Place { HDF5Place(file: file.path, object: name) }

  // MARK: Reading

  /// Reads elements into memory that the caller owns; a chunk at a time lies in memory between.
  ///
  /// - Parameters:
  ///   - buffer: Takes exactly the bytes of the elements asked for.
  ///   - type: The type of the elements in the buffer; must be the stored one.
  ///   - range: Indices on the first axis; the whole dataset where it is left out.
  /// - Throws: `HDF5Error` when type, range or size do not fit, or a checksum does not match.
  public func read(
    into buffer: UnsafeMutableRawBufferPointer, as type: ArrayElementType,
    range: Range<Int>? = nil
  ) throws {
    try HDF5Library.locked {
      _ = try file.openHandle("read", object: name)
      _ = try checkedDatatype(type, "read")
      try checkSize(buffer.count, range, "read")
    }
    // In chunks, so that others get at the library in between.
    if try buffer.isEmpty || (range == nil && readChunks(into: buffer)) { return }
    try HDF5Library.locked {
      _ = try file.openHandle("read", object: name)
      let datatype = try checkedDatatype(type, "read")
      try withSelection(range) { memory, selected in
        _ = try place.check(
          "H5Dread",
          H5Dread(
            handle, datatype, memory, selected, CHDF5_defaultProperties(), buffer.baseAddress))
      }
    }
  }

  /// Reads elements, in row-major order.
  ///
  /// `range`: indices on the first axis; the whole dataset where it is left out.
  /// - Throws: `HDF5Error` when type or range do not fit, or a checksum does not match.
  public func read<Element: ArrayElement>(
    as type: Element.Type = Element.self, range: Range<Int>? = nil
  ) throws -> [Element] {
    // Before memory is taken for a size that a damaged file names.
    _ = try checkedDatatype(Element.arrayElementType, "read")
    let count = try selectedCount(range, "read")
    return try [Element](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      let bytes = UnsafeMutableRawBufferPointer(
        UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      try read(into: bytes, as: Element.arrayElementType, range: range)
      initializedCount = count
    }
  }

  // MARK: Writing

  /// Writes elements from memory that the caller owns; a chunk at a time lies in memory between.
  ///
  /// - Parameters:
  ///   - buffer: Exactly the bytes of the elements.
  ///   - type: The type of the elements in the buffer; must be the stored one.
  ///   - range: Indices on the first axis; the whole dataset where it is left out.
  /// - Throws: `HDF5Error` when type, range or size do not fit, or the disk is full.
  public func write(
    _ buffer: UnsafeRawBufferPointer, as type: ArrayElementType, range: Range<Int>? = nil
  ) throws {
    try file.writing("write", object: name) { _ in
      _ = try checkedDatatype(type, "write")
      try checkSize(buffer.count, range, "write")
    }
    // In chunks, so that others get at the library in between.
    if try buffer.isEmpty || (range == nil && writeChunks(buffer)) { return }
    try file.writing("write", object: name) { _ in
      let datatype = try checkedDatatype(type, "write")
      try withSelection(range) { memory, selected in
        _ = try place.check(
          "H5Dwrite",
          H5Dwrite(
            handle, datatype, memory, selected, CHDF5_defaultProperties(), buffer.baseAddress))
      }
    }
  }

  /// Writes elements, in row-major order.
  ///
  /// `range`: indices on the first axis; the whole dataset where it is left out.
  /// - Throws: `HDF5Error` when type, range or size do not fit, or the disk is full.
  public func write<Element: ArrayElement>(_ elements: [Element], range: Range<Int>? = nil) throws {
    try elements.withUnsafeBytes {
      try write($0, as: Element.arrayElementType, range: range)
    }
  }

  // MARK: Selections

  /// The number of elements in a range of the first axis.
  func selectedCount(_ range: Range<Int>?, _ operation: String) throws -> Int {
    guard let range else { return elementCount }
    guard let rowCount = shape.first, range.lowerBound >= 0, range.upperBound <= rowCount else {
      throw place.failure(
        operation, "rows \(range) were asked for, the shape is \(shape)",
        advice: "Ask for rows that the dataset has.")
    }
    return range.count * shape.dropFirst().reduce(1, *)
  }

  /// Runs `body` with the dataspaces of memory and file for a range of the first axis.
  func withSelection<Result>(
    _ range: Range<Int>?, _ body: (_ memory: hid_t, _ selected: hid_t) throws -> Result
  ) throws -> Result {
    guard let range else { return try body(CHDF5_wholeDataspace(), CHDF5_wholeDataspace()) }
    var start = [hsize_t](repeating: 0, count: shape.count)
    start[0] = hsize_t(range.lowerBound)
    var count = shape.map { hsize_t($0) }
    count[0] = hsize_t(range.count)
    let space = H5Dget_space(handle)
    return try place.withHandle("H5Dget_space", space, closedBy: H5Sclose) { selected in
      try place.check(
        "H5Sselect_hyperslab",
        H5Sselect_hyperslab(selected, H5S_SELECT_SET, start, nil, count, nil))
      return try place.withDataspace(count.map { Int($0) }) { try body($0, selected) }
    }
  }

  /// Runs `body` with the dataset's handle and its stored type, under the library's lock.
  func withHandle<Result>(
    _ operation: String, _ body: (_ handle: hid_t, _ datatype: hid_t) throws -> Result
  ) throws -> Result {
    try HDF5Library.locked {
      _ = try file.openHandle(operation, object: name)
      return try place.withHandle("H5Dget_type", H5Dget_type(handle), closedBy: H5Tclose) {
        try body(handle, $0)
      }
    }
  }

  private func checkedDatatype(_ type: ArrayElementType, _ operation: String) throws -> hid_t {
    guard type == elementType, let datatype = HDF5Library.datatype(of: type) else {
      let stored = elementType.map { "\($0)" } ?? (isString ? "strings" : "another type")
      throw place.failure(
        operation, "elements of type \(type) were asked for, the dataset holds \(stored)",
        advice: "Use the stored type, or write the dataset anew.")
    }
    return datatype
  }

  private func checkSize(_ byteCount: Int, _ range: Range<Int>?, _ operation: String) throws {
    let expected = try selectedCount(range, operation) * (elementType?.byteCount ?? 0)
    guard byteCount == expected else {
      throw place.failure(
        operation,
        "the buffer has \(byteCount) bytes, \(range.map { "rows \($0) of " } ?? "")shape "
          + "\(shape) needs \(expected)",
        advice: "Compare the expected shape with the dataset's.")
    }
  }
}
