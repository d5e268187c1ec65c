import COneDNN

/// oneDNN's processor engine and a stream on it, which execute on the calling thread and its pool.
final class OneDNNEngine: @unchecked Sendable {
  /// A buffer that a primitive reads or writes, and how oneDNN sees it.
  typealias Argument = (argument: Int32, layout: dnnl_memory_desc_t, buffer: Buffer)

  static let shared = OneDNNEngine()

  let engine: dnnl_engine_t?
  private let stream: dnnl_stream_t?

  private init() {
    var engine: dnnl_engine_t?
    check(dnnl_engine_create(&engine, dnnl_cpu, 0), "dnnl_engine_create", nil)
    var stream: dnnl_stream_t?
    check(
      dnnl_stream_create(&stream, engine, UInt32(dnnl_stream_default_flags.rawValue)),
      "dnnl_stream_create", nil)
    self.engine = engine
    self.stream = stream
  }

  /// Runs a primitive; `work` says what it is for, in messages.
  func execute(
    _ primitive: dnnl_primitive_t?, _ name: String, _ arguments: [Argument],
    _ work: (any CustomStringConvertible)?
  ) {
    var memories: [dnnl_exec_arg_t] = []
    for (argument, layout, buffer) in arguments {
      var memory: dnnl_memory_t?
      var layout = layout
      check(
        dnnl_memory_create(&memory, &layout, engine, buffer.address), "dnnl_memory_create", work)
      memories.append(dnnl_exec_arg_t(arg: argument, memory: memory))
    }
    withExtendedLifetime(arguments) {
      check(
        dnnl_primitive_execute(primitive, stream, Int32(memories.count), memories),
        "dnnl_primitive_execute (\(name))", work)
    }
    for memory in memories { dnnl_memory_destroy(memory.memory) }
  }

  /// Whether oneDNN generates code for these instructions on this processor.
  static func uses(_ instructions: dnnl_cpu_isa_t) -> Bool {
    dnnl_get_effective_cpu_isa().rawValue & instructions.rawValue == instructions.rawValue
  }

  /// Whether the processor has AVX-512, as far as oneDNN may use it; asked once.
  static let hasAVX512 = uses(dnnl_cpu_isa_avx512_core)

  /// The primitive of a descriptor.
  static func primitive(
    _ description: dnnl_primitive_desc_t?, _ work: (any CustomStringConvertible)?
  ) -> dnnl_primitive_t? {
    var made: dnnl_primitive_t?
    check(dnnl_primitive_create(&made, description), "dnnl_primitive_create", work)
    return made
  }

  /// Attributes that take scratch memory from the caller, and add to the result when asked.
  static func attributes(isAdding: Bool = false, _ work: (any CustomStringConvertible)?)
    -> dnnl_primitive_attr_t?
  {
    var attributes: dnnl_primitive_attr_t?
    check(dnnl_primitive_attr_create(&attributes), "dnnl_primitive_attr_create", work)
    check(
      dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
      "dnnl_primitive_attr_set_scratchpad_mode", work)
    guard isAdding else { return attributes }
    var operations: dnnl_post_ops_t?
    check(dnnl_post_ops_create(&operations), "dnnl_post_ops_create", work)
    defer { dnnl_post_ops_destroy(operations) }
    check(dnnl_post_ops_append_sum(operations, 1), "dnnl_post_ops_append_sum", work)
    check(
      dnnl_primitive_attr_set_post_ops(attributes, operations),
      "dnnl_primitive_attr_set_post_ops", work)
    return attributes
  }

  /// oneDNN's name of the implementation behind a descriptor, such as `jit:avx2`.
  static func implementation(
    _ description: dnnl_primitive_desc_t?, _ work: (any CustomStringConvertible)?
  ) -> String {
    var name: UnsafePointer<CChar>?
    check(
      withUnsafeMutablePointer(to: &name) {
        dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, $0)
      }, "dnnl_primitive_desc_query", work)
    return name.map { String(cString: $0) } ?? ""
  }
}

extension ElementType {
  /// oneDNN's name of the type; bytes stand for scratch memory.
  var libraryType: dnnl_data_type_t {
    switch self {
    case .float32: dnnl_f32
    case .bfloat16: dnnl_bf16
    case .int32: dnnl_s32
    case .uint8: dnnl_u8
    }
  }
}

/// Sizes as oneDNN takes them, in an array of fixed length.
func dimensions(_ sizes: [Int]) -> [Int64] {
  sizes.map(Int64.init) + [Int64](repeating: 0, count: Int(DNNL_MAX_NDIMS) - sizes.count)
}

/// Stops on a failure of oneDNN: sizes were checked before, so that it is a mistake of this target.
func check(
  _ status: dnnl_status_t, _ call: String, _ work: (any CustomStringConvertible)?
) {
  precondition(
    status == dnnl_success,
    "oneDNN: \(call) gave status \(status.rawValue)\(work.map { " for \($0)" } ?? "")")
}
