import CHDF5

extension HDF5File {
  /// Creates a dataset of numbers to be written in pieces.
  ///
  /// - Parameters:
  ///   - name: The name; parts between slashes are groups, which are made where they are missing.
  ///   - type: The element type; HDF5 has no `float16`, `bfloat16` and `boolean`.
  ///   - shape: The size of each axis; empty for a single number.
  ///   - layout: Chunks with checksums unless told otherwise.
  ///   - deflateLevel: 1 … 9 compresses the chunks.
  /// - Returns: The dataset, whose elements are zero until they are written.
  /// - Throws: `HDF5Error`, for example when the name is taken.
  public func createDataset(
    _ name: String, type: ArrayElementType, shape: [Int], layout: HDF5Layout = .chunked,
    deflateLevel: Int? = nil
  ) throws -> HDF5Dataset {
    try writing("createDataset", object: name) { _ in
      guard let datatype = HDF5Library.datatype(of: type) else {
        throw HDF5Place(file: path, object: name).failure(
          "createDataset", "HDF5 has no element type \(type)",
          advice: "Convert the elements to float32 or uint8 first.")
      }
      return try makeDataset(
        name, datatype: datatype, shape: shape,
        chunkShape: layout.chunkShape(shape: shape, byteCount: type.byteCount),
        deflateLevel: deflateLevel)
    }
  }

  /// Creates a dataset of UTF-8 strings to be written in pieces, in chunks with checksums.
  ///
  /// All take the room of the longest: strings of variable length lie in a heap of their own, which has
  /// no checksums, and damage to which the library does not survive.
  /// - Parameters:
  ///   - name: The name, as for numbers.
  ///   - shape: The size of each axis.
  ///   - byteCount: Bytes of the longest string in UTF-8.
  /// - Returns: The dataset, whose strings are empty until they are written.
  /// - Throws: `HDF5Error`, for example when the name is taken.
  public func createStringDataset(_ name: String, shape: [Int], byteCount: Int) throws
    -> HDF5Dataset
  {
    try writing("createStringDataset", object: name) { _ in
      let place = HDF5Place(file: path, object: name)
      return try place.withStringType(byteCount: byteCount) { datatype in
        try makeDataset(
          name, datatype: datatype, shape: shape,
          chunkShape: HDF5Layout.chunked.chunkShape(shape: shape, byteCount: max(byteCount, 1)),
          deflateLevel: nil)
      }
    }
  }

  /// Creates a dataset and writes all its elements, in row-major order.
  ///
  /// `shape`: the size of each axis; one axis where it is left out.
  /// - Throws: `HDF5Error`.
  /// - Precondition: The shape's product is the number of elements.
  @discardableResult
  public func write<Element: ArrayElement>(
    _ name: String, _ elements: [Element], shape: [Int]? = nil, layout: HDF5Layout = .chunked,
    deflateLevel: Int? = nil
  ) throws -> HDF5Dataset {
    let shape = shape ?? [elements.count]
    precondition(
      shape.reduce(1, *) == elements.count,
      "dataset '\(name)': shape \(shape) does not hold \(elements.count) elements")
    let dataset = try createDataset(
      name, type: Element.arrayElementType, shape: shape, layout: layout,
      deflateLevel: deflateLevel)
    try dataset.write(elements)
    return dataset
  }

  /// Creates a dataset of strings with one axis and writes them.
  ///
  /// - Throws: `HDF5Error`.
  @discardableResult
  public func write(_ name: String, strings: [String]) throws -> HDF5Dataset {
    let dataset = try createStringDataset(
      name, shape: [strings.count], byteCount: HDF5Strings.byteCount(ofLongest: strings))
    try dataset.writeStrings(strings)
    return dataset
  }

  /// Opens a dataset.
  ///
  /// - Parameters:
  ///   - name: The name, with its groups.
  ///   - chunkCacheSize: Bytes of unpacked chunks that HDF5 keeps; 1 MiB where it is left out. A
  ///     reader of pieces smaller than a chunk sets it to the chunks it comes back to.
  /// - Returns: The dataset.
  /// - Throws: `HDF5Error` when there is no such dataset.
  public func dataset(_ name: String, chunkCacheSize: Int? = nil) throws -> HDF5Dataset {
    try HDF5Library.locked {
      let place = HDF5Place(file: path, object: name)
      let handle = try openHandle("dataset", object: name)
      return try place.withHandle(
        "H5Pcreate", H5Pcreate(CHDF5_datasetAccessClass()), closedBy: H5Pclose
      ) { access in
        if let chunkCacheSize {
          // 12421 slots: a prime well above the number of chunks that fit; 0.75: HDF5's default.
          try place.check(
            "H5Pset_chunk_cache", H5Pset_chunk_cache(access, 12421, chunkCacheSize, 0.75))
        }
        let dataset = try place.check("H5Dopen2", H5Dopen2(handle, name, access))
        return try HDF5Dataset(file: self, name: name, handle: dataset)
      }
    }
  }

  /// Makes a group, and those above it that are missing.
  ///
  /// - Throws: `HDF5Error`, for example when the name is taken.
  public func createGroup(_ name: String) throws {
    try writing("createGroup", object: name) { handle in
      let place = HDF5Place(file: path, object: name)
      try withLinkCreation(place) { link in
        let group = H5Gcreate2(
          handle, name, link, CHDF5_defaultProperties(), CHDF5_defaultProperties())
        try place.withHandle("H5Gcreate2", group, closedBy: H5Gclose) { _ in }
      }
    }
  }

  /// The names of all datasets, with their groups, in the order of their bytes within each group.
  ///
  /// - Throws: `HDF5Error`.
  public func datasetNames() throws -> [String] {
    try HDF5Library.locked {
      var names: [String] = []
      try appendDatasetNames(below: "/", depth: 0, to: &names)
      return names
    }
  }

  /// Whether there is a dataset of this name.
  ///
  /// - Throws: `HDF5Error`.
  public func hasDataset(_ name: String) throws -> Bool {
    try HDF5Library.locked {
      let place = HDF5Place(file: path, object: name)
      let handle = try openHandle("hasDataset", object: name)
      // HDF5 answers for the last part only; the parts before it must be asked for one by one.
      var prefix = ""
      for part in name.split(separator: "/") {
        prefix += (prefix.isEmpty ? "" : "/") + part
        let exists = try place.check(
          "H5Lexists", H5Lexists(handle, prefix, CHDF5_defaultProperties()))
        if exists == 0 { return false }
      }
      return try kind(of: name) == H5I_DATASET
    }
  }

  private func kind(of name: String) throws -> H5I_type_t {
    let place = HDF5Place(file: path, object: name)
    let object = H5Oopen(try openHandle("H5Oopen"), name, CHDF5_defaultProperties())
    return try place.withHandle("H5Oopen", object, closedBy: H5Oclose) { H5Iget_type($0) }
  }

  private func appendDatasetNames(below group: String, depth: Int, to names: inout [String])
    throws
  {
    let place = HDF5Place(file: path, object: group)
    // A group may be linked into itself.
    guard depth < SizeLimit.groupDepth else {
      throw place.failure(
        "datasetNames", "there are groups in groups without an end", advice: damagedFileAdvice)
    }
    let handle = try openHandle("datasetNames")
    var links: [String] = []
    try place.withHandle(
      "H5Gopen2", H5Gopen2(handle, group, CHDF5_defaultProperties()), closedBy: H5Gclose
    ) { opened in
      var information = H5G_info_t()
      try place.check("H5Gget_info", H5Gget_info(opened, &information))
      for index in 0..<information.nlinks {
        links.append(try linkName(in: opened, at: index, place: place))
      }
    }
    for link in links {
      let name = group == "/" ? link : group + "/" + link
      switch try kind(of: name) {
      case H5I_DATASET: names.append(name)
      case H5I_GROUP: try appendDatasetNames(below: name, depth: depth + 1, to: &names)
      default: break
      }
    }
  }

  private func linkName(in group: hid_t, at index: hsize_t, place: HDF5Place) throws -> String {
    func copyName(_ buffer: UnsafeMutablePointer<CChar>?, _ size: Int) -> Int {
      H5Lget_name_by_idx(
        group, ".", H5_INDEX_NAME, H5_ITER_INC, index, buffer, size, CHDF5_defaultProperties())
    }
    let length = try place.size(
      product: [try place.check("H5Lget_name_by_idx", copyName(nil, 0))],
      field: "the length of a name", limit: SizeLimit.attributeByteCount)
    var characters = [CChar](repeating: 0, count: length + 1)
    try place.check("H5Lget_name_by_idx", copyName(&characters, length + 1))
    return String(
      decoding: characters.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private func makeDataset(
    _ name: String, datatype: hid_t, shape: [Int], chunkShape: [Int]?, deflateLevel: Int?
  ) throws -> HDF5Dataset {
    precondition(
      shape.count <= Int(H5S_MAX_RANK) && !shape.contains { $0 < 0 },
      "dataset '\(name)': shape \(shape) has a negative size or more than \(H5S_MAX_RANK) axes")
    precondition(
      chunkShape.map { $0.count == shape.count && !$0.contains { $0 < 1 } } ?? true,
      "dataset '\(name)': chunks of shape \(chunkShape ?? []) do not fit shape \(shape)")
    let place = HDF5Place(file: path, object: name)
    let handle = try openHandle("createDataset", object: name)
    return try withLinkCreation(place) { link in
      try place.withHandle(
        "H5Pcreate", H5Pcreate(CHDF5_datasetCreationClass()), closedBy: H5Pclose
      ) { creation in
        // A time stamp would make files of equal content differ.
        try place.check("H5Pset_obj_track_times", H5Pset_obj_track_times(creation, false))
        if let chunkShape {
          try place.check(
            "H5Pset_chunk",
            H5Pset_chunk(creation, Int32(chunkShape.count), chunkShape.map { hsize_t($0) }))
          if let deflateLevel {
            try place.check("H5Pset_deflate", H5Pset_deflate(creation, UInt32(deflateLevel)))
          }
          try place.check("H5Pset_fletcher32", H5Pset_fletcher32(creation))
        }
        return try place.withDataspace(shape) { space in
          let dataset = H5Dcreate2(
            handle, name, datatype, space, link, creation, CHDF5_defaultProperties())
          try place.check("H5Dcreate2", dataset)
          return try HDF5Dataset(file: self, name: name, handle: dataset)
        }
      }
    }
  }

  /// Runs `body` with properties that make missing groups and store names as UTF-8.
  private func withLinkCreation<Result>(_ place: HDF5Place, _ body: (hid_t) throws -> Result)
    throws -> Result
  {
    try place.withHandle(
      "H5Pcreate", H5Pcreate(CHDF5_linkCreationClass()), closedBy: H5Pclose
    ) { link in
      try place.check(
        "H5Pset_create_intermediate_group", H5Pset_create_intermediate_group(link, 1))
      try place.check("H5Pset_char_encoding", H5Pset_char_encoding(link, H5T_CSET_UTF8))
      return try body(link)
    }
  }
}
