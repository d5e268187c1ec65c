import CHDF5

/// The value of an attribute of an HDF5 file or dataset.
public enum HDF5AttributeValue: Sendable, Hashable {
  /// A UTF-8 string.
  case string(String)
  /// A signed 64-bit integer.
  case integer(Int64)
  /// A 64-bit floating-point number.
  case float(Double)
}

/// The named values attached to an HDF5 file or dataset.
public struct HDF5Attributes {
  private let file: HDF5File
  private let owner: String?
  private let openOwner: () throws -> hid_t

  /// The attributes of `owner` in `file`; without `owner` those of the file.
  init(file: HDF5File, owner: String?, openOwner: @escaping () throws -> hid_t) {
    self.file = file
    self.owner = owner
    self.openOwner = openOwner
  }

  /// Sets an attribute, also where one of that name and another type is there.
  ///
  /// - Throws: `HDF5Error`, for example when the file is read-only.
  public func set(_ name: String, _ value: HDF5AttributeValue) throws {
    let place = place(name)
    try file.writing("set", object: place.object ?? name) { _ in
      let owner = try openOwner()
      if try place.check("H5Aexists", H5Aexists(owner, name)) > 0 {
        try place.check("H5Adelete", H5Adelete(owner, name))
      }
      switch value {
      case .integer(var number):
        try write(name, CHDF5_int64(), &number)
      case .float(var number):
        try write(name, CHDF5_float64(), &number)
      case .string(let string):
        let size = HDF5Strings.byteCount(ofLongest: [string])
        try HDF5Strings.withBytes(of: [string], paddedTo: size, place: place) { type, buffer in
          try write(name, type, buffer)
        }
      }
    }
  }

  /// The value of an attribute, or nil where there is none.
  ///
  /// - Throws: `HDF5Error` when the attribute holds several values or a type without a name here.
  public func value(_ name: String) throws -> HDF5AttributeValue? {
    let place = place(name)
    return try HDF5Library.locked {
      let owner = try openOwner()
      guard try place.check("H5Aexists", H5Aexists(owner, name)) > 0 else { return nil }
      let opened = H5Aopen(owner, name, CHDF5_defaultProperties())
      return try place.withHandle("H5Aopen", opened, closedBy: H5Aclose) { attribute in
        try place.withHandle("H5Aget_type", H5Aget_type(attribute), closedBy: H5Tclose) {
          try read(attribute, datatype: $0, place: place)
        }
      }
    }
  }

  /// The value of a string attribute.
  ///
  /// - Throws: `HDF5Error` when there is none or it is no string.
  public func string(_ name: String) throws -> String {
    guard case .string(let value) = try required(name, "string") else {
      throw mismatch(name, "string")
    }
    return value
  }

  /// The value of an integer attribute.
  ///
  /// - Throws: `HDF5Error` when there is none or it is no integer.
  public func integer(_ name: String) throws -> Int64 {
    guard case .integer(let value) = try required(name, "integer") else {
      throw mismatch(name, "integer")
    }
    return value
  }

  /// The value of a floating-point attribute.
  ///
  /// - Throws: `HDF5Error` when there is none or it is no floating-point number.
  public func float(_ name: String) throws -> Double {
    guard case .float(let value) = try required(name, "float") else {
      throw mismatch(name, "float")
    }
    return value
  }

  /// The names of all attributes in the order of their bytes.
  ///
  /// - Throws: `HDF5Error`.
  public func names() throws -> [String] {
    let place = HDF5Place(file: file.path, object: owner)
    return try HDF5Library.locked {
      // A file's handle counts no attributes; its root group does.
      let handle = try file.openHandle("attributes", object: owner)
      let object = H5Oopen(handle, owner ?? "/", CHDF5_defaultProperties())
      return try place.withHandle("H5Oopen", object, closedBy: H5Oclose) { object in
        let count = try place.check("H5Aget_num_attrs", H5Aget_num_attrs(object))
        return try (0..<hsize_t(count)).map { try name(of: object, at: $0, place: place) }
      }
    }
  }

  private func name(of object: hid_t, at index: hsize_t, place: HDF5Place) throws -> String {
    let opened = H5Aopen_by_idx(
      object, ".", H5_INDEX_NAME, H5_ITER_INC, index, CHDF5_defaultProperties(),
      CHDF5_defaultProperties())
    return try place.withHandle("H5Aopen_by_idx", opened, closedBy: H5Aclose) { attribute in
      let length = try place.size(
        product: [try place.check("H5Aget_name", H5Aget_name(attribute, 0, nil))],
        field: "the length of a name", limit: SizeLimit.attributeByteCount)
      var characters = [CChar](repeating: 0, count: length + 1)
      try place.check("H5Aget_name", H5Aget_name(attribute, length + 1, &characters))
      return String(
        decoding: characters.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  private func place(_ name: String) -> HDF5Place {
    HDF5Place(file: file.path, object: (owner.map { $0 + "@" } ?? "@") + name)
  }

  private func write(_ name: String, _ type: hid_t, _ value: UnsafeRawPointer) throws {
    let place = place(name)
    try place.withDataspace([]) { space in
      let created = H5Acreate2(
        try openOwner(), name, type, space, CHDF5_defaultProperties(), CHDF5_defaultProperties())
      try place.withHandle("H5Acreate2", created, closedBy: H5Aclose) {
        _ = try place.check("H5Awrite", H5Awrite($0, type, value))
      }
    }
  }

  private func read(_ attribute: hid_t, datatype: hid_t, place: HDF5Place) throws
    -> HDF5AttributeValue
  {
    let count = try place.withHandle(
      "H5Aget_space", H5Aget_space(attribute), closedBy: H5Sclose
    ) { try place.check("H5Sget_simple_extent_npoints", H5Sget_simple_extent_npoints($0)) }
    guard count == 1 else {
      throw place.failure(
        "value", "the attribute holds \(count) values, one is expected",
        advice: "Write it anew with one value.")
    }
    switch H5Tget_class(datatype) {
    case H5T_INTEGER:
      var number: Int64 = 0
      try place.check("H5Aread", H5Aread(attribute, CHDF5_int64(), &number))
      return .integer(number)
    case H5T_FLOAT:
      var number: Double = 0
      try place.check("H5Aread", H5Aread(attribute, CHDF5_float64(), &number))
      return .float(number)
    case H5T_STRING:
      let strings = try HDF5Strings.read(
        datatype: datatype, count: 1, place: place, limit: SizeLimit.attributeByteCount
      ) { ("H5Aread", H5Aread(attribute, $0, $1)) }
      return .string(strings[0])
    default:
      throw place.failure(
        "value", "the attribute is no string, integer or floating-point number",
        advice: "Write it anew as one of these.")
    }
  }

  private func required(_ name: String, _ kind: String) throws -> HDF5AttributeValue {
    guard let value = try value(name) else {
      throw place(name).failure(
        kind, "there is no such attribute",
        advice: "Check that the file is of the kind and version expected.")
    }
    return value
  }

  private func mismatch(_ name: String, _ kind: String) -> HDF5Error {
    place(name).failure(
      kind, "the attribute is of another type than \(kind)",
      advice: "Check that the file is of the kind and version expected.")
  }
}
