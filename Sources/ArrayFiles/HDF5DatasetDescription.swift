import CHDF5

/// What a dataset says about itself; no number of it is used before it was compared with the file.
struct HDF5DatasetDescription {
  let shape: [Int]
  let elementType: ArrayElementType?
  let isString: Bool
  /// Whether elements are stored as they lie in memory.
  let isAsInMemory: Bool
  let chunkShape: [Int]?
  let hasChecksum: Bool
  /// Whether nothing but a checksum is added to a chunk.
  let hasOnlyChecksums: Bool
  /// Whether elements are stored in this file, in one of the layouts that this program writes.
  let isStoredHere: Bool
  /// Bytes of all elements as they are stored, unpacked.
  let byteCount: Int
  private let elementByteCount: Int
  private let filters: [H5Z_filter_t]
  private let place: HDF5Place

  /// Bytes that a checksum adds to a chunk.
  static let checksumByteCount = MemoryLayout<UInt32>.size
  /// Deflate makes at most so many bytes of one (RFC 1951: 258 bytes from two bits).
  private static let largestPacking = 1032

  /// Reads what a dataset says.
  ///
  /// - Throws: `HDF5Error` when a number in it is none that a machine could hold.
  init(of handle: hid_t, place: HDF5Place) throws {
    self.place = place
    let shape = try place.withHandle(
      "H5Dget_space", H5Dget_space(handle), closedBy: H5Sclose
    ) { try Self.shape(of: $0, place: place) }
    self.shape = shape
    (elementType, isString, isAsInMemory, elementByteCount) = try place.withHandle(
      "H5Dget_type", H5Dget_type(handle), closedBy: H5Tclose
    ) { type in
      let elementType = HDF5Library.elementType(of: type)
      let own = elementType.flatMap { HDF5Library.datatype(of: $0) }
      return (
        elementType, H5Tget_class(type) == H5T_STRING,
        own.map { H5Tequal(type, $0) > 0 } ?? false, H5Tget_size(type)
      )
    }
    byteCount = try place.size(
      product: shape + [elementByteCount], field: "the number of bytes",
      limit: SizeLimit.fileByteCount)
    (chunkShape, filters, isStoredHere) = try place.withHandle(
      "H5Dget_create_plist", H5Dget_create_plist(handle), closedBy: H5Pclose
    ) { try Self.layout(of: $0, axisCount: shape.count, place: place) }
    hasChecksum = filters.contains(H5Z_FILTER_FLETCHER32)
    hasOnlyChecksums = filters == [H5Z_FILTER_FLETCHER32]
  }

  private static func shape(of space: hid_t, place: HDF5Place) throws -> [Int] {
    let axisCount = try place.check(
      "H5Sget_simple_extent_ndims", H5Sget_simple_extent_ndims(space))
    var sizes = [hsize_t](repeating: 0, count: Int(axisCount))
    try place.check("H5Sget_simple_extent_dims", H5Sget_simple_extent_dims(space, &sizes, nil))
    return sizes.map { Int(clamping: $0) }
  }

  private static func layout(of creation: hid_t, axisCount: Int, place: HDF5Place) throws -> (
    chunkShape: [Int]?, filters: [H5Z_filter_t], isStoredHere: Bool
  ) {
    let layout = H5Pget_layout(creation)
    guard layout == H5D_CHUNKED else {
      let isKnown = layout == H5D_CONTIGUOUS || layout == H5D_COMPACT
      return (nil, [], isKnown && H5Pget_external_count(creation) == 0)
    }
    var chunk = [hsize_t](repeating: 0, count: axisCount)
    try place.check("H5Pget_chunk", H5Pget_chunk(creation, Int32(axisCount), &chunk))
    let filterCount = try place.check("H5Pget_nfilters", H5Pget_nfilters(creation))
    let filters = (0..<UInt32(filterCount)).map {
      H5Pget_filter2(creation, $0, nil, nil, nil, 0, nil, nil)
    }
    return (chunk.map { Int(clamping: $0) }, filters, true)
  }

  // MARK: What the file holds

  /// Checks that the file holds all elements: HDF5 reads zeros where a chunk is missing, and takes
  /// memory for any extent.
  ///
  /// - Throws: `HDF5Error` where elements are missing, or stored elsewhere.
  func checkStorage(of handle: hid_t, in file: HDF5File) throws {
    guard isStoredHere else {
      throw missing("the elements are stored in another file, or in an unknown layout")
    }
    guard !shape.contains(0) else { return }
    var fileByteCount = hsize_t(0)
    try place.check("H5Fget_filesize", H5Fget_filesize(try file.openHandle("size"), &fileByteCount))
    let isPacked = !filters.isEmpty && !hasOnlyChecksums
    let limit = min(Int(clamping: fileByteCount), SizeLimit.fileByteCount)
    _ = try place.size(
      product: shape + [elementByteCount], field: "the number of bytes",
      limit: limit * (isPacked ? Self.largestPacking : 1))
    if let chunkShape {
      try checkChunks(chunkShape, of: handle, isPacked: isPacked)
    } else if H5Dget_storage_size(handle) < UInt64(byteCount) {
      throw missing("of \(byteCount) bytes \(H5Dget_storage_size(handle)) are stored")
    }
  }

  private func checkChunks(_ chunkShape: [Int], of handle: hid_t, isPacked: Bool) throws {
    let chunkByteCount = try place.size(
      product: chunkShape + [elementByteCount], field: "the number of bytes of a chunk", atLeast: 1,
      limit: SizeLimit.chunkByteCount)
    let partCounts = zip(shape, chunkShape).map { ($0 - 1) / $1 + 1 }
    // Of ones at least, so not more than there are elements, which were checked.
    let count = partCounts.reduce(1, *)
    var found = hsize_t(0)
    try place.withHandle("H5Dget_space", H5Dget_space(handle), closedBy: H5Sclose) {
      _ = try place.check("H5Dget_num_chunks", H5Dget_num_chunks(handle, $0, &found))
    }
    guard found == hsize_t(count) else {
      throw missing("of \(count) chunks \(found) are stored")
    }
    let expected = chunkByteCount + (hasOnlyChecksums ? Self.checksumByteCount : 0)
    for index in 0..<count {
      let size = try storedByteCount(ofChunk: index, partCounts, chunkShape, handle)
      let isWhole =
        isPacked ? size > 0 && chunkByteCount / size <= Self.largestPacking : size == expected
      guard isWhole else {
        throw missing("chunk \(index) takes \(size) bytes in the file, expected \(expected)")
      }
    }
  }

  /// Bytes that a chunk takes in the file, 0 where it is not there.
  private func storedByteCount(
    ofChunk index: Int, _ partCounts: [Int], _ chunkShape: [Int], _ handle: hid_t
  ) throws -> Int {
    var start = [hsize_t](repeating: 0, count: shape.count)
    var rest = index
    for axis in shape.indices.reversed() {
      let (next, part) = rest.quotientAndRemainder(dividingBy: partCounts[axis])
      start[axis] = hsize_t(part * chunkShape[axis])
      rest = next
    }
    var size = hsize_t(0)
    try place.check(
      "H5Dget_chunk_storage_size", H5Dget_chunk_storage_size(handle, start, &size))
    return Int(clamping: size)
  }

  private func missing(_ reason: String) -> HDF5Error {
    place.failure("read", reason, advice: damagedFileAdvice)
  }
}
