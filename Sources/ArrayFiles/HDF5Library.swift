import CHDF5
import Foundation

/// The one door to the HDF5 library.
///
/// The library keeps global state, and whether it is built for several threads depends on who
/// packaged it; so every call in the process, whichever file it is about, runs under one lock.
package enum HDF5Library {
  private static let lock = NSRecursiveLock()

  /// Runs once, before the first call.
  private static let isStarted: Bool = {
    // At exit HDF5 would close its files while another thread may still be inside it. A file that
    // was not closed is worthless here anyway: files are published only after `close`.
    H5dont_atexit()
    return H5open() >= 0
  }()

  /// Runs `body` while no other thread is inside HDF5.
  static func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    precondition(isStarted, "the HDF5 library could not be started")
    // Errors travel as `HDF5Error`; HDF5 itself prints nothing. A library built for several threads
    // keeps this switch for each thread, so it is set in whichever thread this is.
    H5Eset_auto2(CHDF5_currentErrorStack(), nil, nil)
    return try body()
  }

  /// HDF5's messages about the call that just failed, outermost first.
  static func currentMessages() -> String {
    var messages: [String] = []
    withUnsafeMutablePointer(to: &messages) { pointer in
      _ = H5Ewalk2(
        CHDF5_currentErrorStack(), H5E_WALK_DOWNWARD,
        { _, entry, context in
          if let entry, let text = entry.pointee.desc,
            let messages = context?.assumingMemoryBound(to: [String].self)
          {
            messages.pointee.append(String(cString: text))
          }
          return 0
        }, pointer)
    }
    return readableText(of: messages)
  }

  /// One line of HDF5's messages, outermost first.
  ///
  /// A failed call to the system comes as several lines with times and addresses, and once for every
  /// attempt to clean up: of such a message the system's text is kept, and of equal ones the first.
  package static func readableText(of messages: [String]) -> String {
    var texts: [String] = []
    for message in messages {
      var text = message
      let call = message.components(separatedBy: ": time = ")
      let cause = message.components(separatedBy: "error message = '")
      if call.count > 1 {
        text = call[0]
        if cause.count > 1, let end = cause[1].firstIndex(of: "'") {
          text += ": " + cause[1][..<end]
        }
      }
      if !texts.contains(text) { texts.append(text) }
    }
    return texts.isEmpty ? "HDF5 gives no reason" : texts.joined(separator: ": ")
  }

  /// HDF5's type for an element type, or nil where it has none.
  static func datatype(of type: ArrayElementType) -> hid_t? {
    switch type {
    case .float16, .bfloat16, .boolean: nil
    case .float32: CHDF5_float32()
    case .float64: CHDF5_float64()
    case .int8: CHDF5_int8()
    case .int16: CHDF5_int16()
    case .int32: CHDF5_int32()
    case .int64: CHDF5_int64()
    case .uint8: CHDF5_uint8()
    case .uint16: CHDF5_uint16()
    case .uint32: CHDF5_uint32()
    case .uint64: CHDF5_uint64()
    }
  }

  /// The element type of a stored datatype, of either byte order, or nil where there is none.
  ///
  /// A type of the same size whose bits mean something else is none: HDF5 would convert each element.
  static func elementType(of datatype: hid_t) -> ArrayElementType? {
    guard let type = namedType(of: datatype), let standard = self.datatype(of: type) else {
      return nil
    }
    let copy = H5Tcopy(standard)
    guard copy >= 0 else { return nil }
    defer { H5Tclose(copy) }
    let isEqual = H5Tset_order(copy, H5Tget_order(datatype)) >= 0 && H5Tequal(copy, datatype) > 0
    return isEqual ? type : nil
  }

  private static func namedType(of datatype: hid_t) -> ArrayElementType? {
    let size = H5Tget_size(datatype)
    switch H5Tget_class(datatype) {
    case H5T_FLOAT:
      return size == 4 ? .float32 : size == 8 ? .float64 : nil
    case H5T_INTEGER:
      let isSigned = H5Tget_sign(datatype) == H5T_SGN_2
      switch size {
      case 1: return isSigned ? .int8 : .uint8
      case 2: return isSigned ? .int16 : .uint16
      case 4: return isSigned ? .int32 : .uint32
      case 8: return isSigned ? .int64 : .uint64
      default: return nil
      }
    default:
      return nil
    }
  }
}

/// What a failing call is about; turns HDF5's negative results into errors.
struct HDF5Place: Sendable {
  let file: String
  var object: String?

  /// The result of an HDF5 call.
  ///
  /// - Throws: `HDF5Error` with the library's messages where the result is negative.
  @discardableResult
  func check<Result: SignedInteger>(_ call: String, _ result: Result) throws -> Result {
    guard result >= 0 else {
      throw HDF5Error(
        call: call, file: file, object: object, reason: HDF5Library.currentMessages())
    }
    return result
  }

  /// A refusal of this module, not of HDF5.
  func failure(_ operation: String, _ reason: String, advice: String) -> HDF5Error {
    HDF5Error(call: operation, file: file, object: object, reason: reason, advice: advice)
  }

  /// Runs `body` with a handle that an HDF5 call opened, and closes it.
  func withHandle<Result>(
    _ call: String, _ handle: hid_t, closedBy close: (hid_t) -> herr_t,
    _ body: (hid_t) throws -> Result
  ) throws -> Result {
    try check(call, handle)
    defer { _ = close(handle) }
    return try body(handle)
  }

  /// Runs `body` with the properties by which files are made and opened.
  func withFileAccess<Result>(_ body: (hid_t) throws -> Result) throws -> Result {
    try withHandle("H5Pcreate", H5Pcreate(CHDF5_fileAccessClass()), closedBy: H5Pclose) { access in
      try check("H5Pset_file_locking", H5Pset_file_locking(access, false, true))
      // Closing the file closes what is open in it; otherwise a forgotten dataset would keep the
      // file open and unfinished.
      try check("H5Pset_fclose_degree", H5Pset_fclose_degree(access, H5F_CLOSE_STRONG))
      return try body(access)
    }
  }

  /// A product of numbers that a file claims.
  ///
  /// - Throws: `HDF5Error` where `SizeError` would be thrown.
  func size(product factors: [Int], field: String, atLeast least: Int = 0, limit: Int) throws -> Int
  {
    do {
      return try claimedSize(
        product: factors, field: field, of: file, atLeast: least, limit: limit)
    } catch {
      throw failure("read", error.problem, advice: damagedFileAdvice)
    }
  }

  /// Runs `body` with a new dataspace; a shape without axes gives a scalar.
  func withDataspace<Result>(_ shape: [Int], _ body: (hid_t) throws -> Result) throws -> Result {
    let sizes = shape.map { hsize_t($0) }
    let space =
      sizes.isEmpty
      ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(sizes.count), sizes, nil)
    return try withHandle("H5Screate", space, closedBy: H5Sclose, body)
  }

  /// Runs `body` with the type of UTF-8 strings of a fixed number of bytes, filled up with zeros.
  func withStringType<Result>(byteCount: Int, _ body: (hid_t) throws -> Result) throws -> Result {
    try withHandle("H5Tcopy", H5Tcopy(CHDF5_characterString()), closedBy: H5Tclose) { type in
      try check("H5Tset_size", H5Tset_size(type, max(byteCount, 1)))
      try check("H5Tset_strpad", H5Tset_strpad(type, H5T_STR_NULLPAD))
      try check("H5Tset_cset", H5Tset_cset(type, H5T_CSET_UTF8))
      return try body(type)
    }
  }
}
