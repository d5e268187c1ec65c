import COpenMPI

// The only file that calls MPI. All of MPI's handles reach Swift as the same pointer type, so that
// the compiler would accept a data type for a communicator; none of them leaves this file unwrapped.

/// A communicator as MPI knows it.
///
/// Sendable: the handle never changes, and MPI is initialised for calls from any thread.
struct CommunicatorHandle: @unchecked Sendable {
  fileprivate let value: MPI_Comm?
}

/// A message under way as MPI knows it.
struct RequestHandle {
  fileprivate var value: MPI_Request?
}

/// Every MPI function in use, with its status checked.
enum MPILibrary {
  /// Returns when `code` is success and throws the library's own text otherwise.
  private static func check(_ code: Int32, _ call: String, _ context: CallContext) throws {
    guard code != MPI_SUCCESS else { return }
    var length: Int32 = 0
    let text = String(unsafeUninitializedCapacity: Int(MPI_MAX_ERROR_STRING)) { buffer in
      buffer.withMemoryRebound(to: CChar.self) {
        MPI_Error_string(code, $0.baseAddress, &length) == MPI_SUCCESS ? Int(length) : 0
      }
    }
    throw MessagePassingError.callFailed(
      call: call, context: context, code: Int(code), text: text.isEmpty ? "no text" : text)
  }

  /// Whether MPI was initialised before, which can be done once a process.
  static var isInitialized: Bool {
    var flag: Int32 = 0
    return MPI_Initialized(&flag) == MPI_SUCCESS && flag != 0
  }

  /// The library's own words about itself; may be asked for before MPI is initialised.
  static var version: String {
    var length: Int32 = 0
    return String(unsafeUninitializedCapacity: Int(MPI_MAX_LIBRARY_VERSION_STRING)) { buffer in
      buffer.withMemoryRebound(to: CChar.self) {
        MPI_Get_library_version($0.baseAddress, &length) == MPI_SUCCESS ? Int(length) : 0
      }
    }
  }

  /// Initialises MPI for calls from several threads at once and makes its errors return.
  static func initialize(_ context: CallContext) throws -> CommunicatorHandle {
    let required = Int32(MPI_THREAD_MULTIPLE)
    var provided: Int32 = 0
    try check(MPI_Init_thread(nil, nil, required, &provided), "MPI_Init_thread", context)
    guard provided >= required else {
      throw MessagePassingError.threadSupport(provided: Int(provided))
    }
    let world = CommunicatorHandle(value: COpenMPI_commWorld())
    try returnErrors(on: world, context)
    return world
  }

  static func finalize(_ context: CallContext) throws {
    try check(MPI_Finalize(), "MPI_Finalize", context)
  }

  /// Ends every rank; does not return.
  static func abort(code: Int32) {
    MPI_Abort(COpenMPI_commWorld(), code)
  }

  private static func returnErrors(
    on communicator: CommunicatorHandle, _ context: CallContext
  ) throws {
    try check(
      MPI_Comm_set_errhandler(communicator.value, COpenMPI_errorsReturn()),
      "MPI_Comm_set_errhandler", context)
  }

  static func rank(_ communicator: CommunicatorHandle, _ context: CallContext) throws -> Int {
    var rank: Int32 = 0
    try check(MPI_Comm_rank(communicator.value, &rank), "MPI_Comm_rank", context)
    return Int(rank)
  }

  static func size(_ communicator: CommunicatorHandle, _ context: CallContext) throws -> Int {
    var size: Int32 = 0
    try check(MPI_Comm_size(communicator.value, &size), "MPI_Comm_size", context)
    return Int(size)
  }

  /// Duplicates a communicator; `wait` is given the request to bring to an end.
  static func duplicate(
    _ communicator: CommunicatorHandle, _ context: CallContext,
    wait: (RequestHandle) throws -> Void
  ) throws -> CommunicatorHandle {
    // MPI writes the result when the request ends, hence memory with an address of its own.
    let result = UnsafeMutablePointer<MPI_Comm?>.allocate(capacity: 1)
    result.initialize(to: nil)
    defer { result.deallocate() }
    var request: MPI_Request?
    try check(MPI_Comm_idup(communicator.value, result, &request), "MPI_Comm_idup", context)
    try wait(RequestHandle(value: request))
    let duplicate = CommunicatorHandle(value: result.pointee)
    try returnErrors(on: duplicate, context)
    return duplicate
  }

  /// Starts to send; `synchronous` sends complete only when the receiver has begun to receive.
  static func send(
    _ bytes: UnsafeRawBufferPointer, to peer: Int, tag: Int, synchronous: Bool,
    on communicator: CommunicatorHandle, _ context: CallContext
  ) throws -> RequestHandle {
    var request: MPI_Request?
    let count = Int32(bytes.count)
    if synchronous {
      try check(
        MPI_Issend(
          bytes.baseAddress, count, COpenMPI_byte(), Int32(peer), Int32(tag), communicator.value,
          &request), "MPI_Issend", context)
    } else {
      try check(
        MPI_Isend(
          bytes.baseAddress, count, COpenMPI_byte(), Int32(peer), Int32(tag), communicator.value,
          &request), "MPI_Isend", context)
    }
    return RequestHandle(value: request)
  }

  static func receive(
    into bytes: UnsafeMutableRawBufferPointer, from peer: Int, tag: Int,
    on communicator: CommunicatorHandle, _ context: CallContext
  ) throws -> RequestHandle {
    var request: MPI_Request?
    try check(
      MPI_Irecv(
        bytes.baseAddress, Int32(bytes.count), COpenMPI_byte(), Int32(peer), Int32(tag),
        communicator.value, &request), "MPI_Irecv", context)
    return RequestHandle(value: request)
  }

  /// Lets MPI make progress; the number of bytes received once the request is complete, else nil.
  static func test(_ request: inout RequestHandle, _ context: CallContext) throws -> Int? {
    var flag: Int32 = 0
    var status = MPI_Status()
    try check(MPI_Test(&request.value, &flag, &status), "MPI_Test", context)
    guard flag != 0 else { return nil }
    var count: Int32 = 0
    try check(MPI_Get_count(&status, COpenMPI_byte(), &count), "MPI_Get_count", context)
    return Int(count)
  }

  /// Starts the sum of float32 elements over all ranks.
  ///
  /// Every rank starts its sums in the same order.
  static func allReduceSum(
    of terms: UnsafeRawBufferPointer, into sum: UnsafeMutableRawBufferPointer,
    on communicator: CommunicatorHandle, _ context: CallContext
  ) throws -> RequestHandle {
    var request: MPI_Request?
    let elementCount = Int32(terms.count / MemoryLayout<Float>.stride)
    try check(
      MPI_Iallreduce(
        terms.baseAddress, sum.baseAddress, elementCount, COpenMPI_float(), COpenMPI_sum(),
        communicator.value, &request), "MPI_Iallreduce", context)
    return RequestHandle(value: request)
  }

  /// Withdraws a receive that nobody will wait for, as far as MPI can.
  static func cancel(_ request: inout RequestHandle) {
    guard request.value != nil else { return }
    MPI_Cancel(&request.value)
  }
}
