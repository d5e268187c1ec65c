import COneDNN
import Synchronization

/// A convolution of oneDNN on channels-last images, made once for its sizes and kept.
///
/// oneDNN chooses the layout of the weights; they are reordered from ours into scratch memory.
final class LibraryConvolution: @unchecked Sendable {
  /// What is computed: the output, or the gradient of the input.
  enum Direction: Hashable {
    case forward(hasBias: Bool)
    case backwardData
  }

  private struct Key: Hashable {
    let direction: Direction
    let shape: ConvolutionShape
    let threadCount: Int
  }

  private static let cache = Mutex<[Key: LibraryConvolution]>([:])

  /// The convolution, if oneDNN is the better choice for it on this processor.
  ///
  /// Its AVX-512 kernels always are. Those for AVX2 fall behind products of patches from about 128
  /// channels on, and without either instruction set only its slow reference would be left.
  static func preferred(_ direction: Direction, shape: ConvolutionShape) -> LibraryConvolution? {
    let known = convolution(direction, shape: shape)
    if known.implementation.contains("avx512") { return known }
    let isSmall = shape.inputCount * shape.outputCount < 128 * 128
    return isSmall && known.implementation.contains("avx2") ? known : nil
  }

  private static func convolution(_ direction: Direction, shape: ConvolutionShape)
    -> LibraryConvolution
  {
    let key = Key(direction: direction, shape: shape, threadCount: threadCount)
    return cache.withLock { cache in
      if let known = cache[key] { return known }
      let made = LibraryConvolution(direction, shape: shape)
      cache[key] = made
      return made
    }
  }

  /// oneDNN's name of the chosen implementation, such as `jit:avx2`.
  let implementation: String
  private let direction: Direction
  private let shape: ConvolutionShape
  private let primitive: dnnl_primitive_t?
  private let weightReorder: dnnl_primitive_t?
  private var inputLayout: dnnl_memory_desc_t
  private var outputLayout: dnnl_memory_desc_t
  private var ownWeightLayout: dnnl_memory_desc_t
  private var weightLayout: dnnl_memory_desc_t
  private var biasLayout: dnnl_memory_desc_t
  private var scratchLayout: dnnl_memory_desc_t

  private init(_ direction: Direction, shape: ConvolutionShape) {
    self.direction = direction
    self.shape = shape
    inputLayout = Self.layout(
      [shape.batchSize, shape.inputCount, shape.height, shape.width], dnnl_nhwc, shape)
    outputLayout = Self.layout(
      [shape.batchSize, shape.outputCount, shape.height, shape.width], dnnl_nhwc, shape)
    let weightSizes = [
      shape.outputCount, shape.inputCount, shape.kernelHeight, shape.kernelWidth,
    ]
    ownWeightLayout = Self.layout(weightSizes, dnnl_acdb, shape)
    biasLayout = Self.layout([shape.outputCount], dnnl_a, shape)
    let anyWeightLayout = Self.layout(weightSizes, dnnl_format_tag_any, shape)
    let description = Self.describe(
      direction, shape, inputLayout, anyWeightLayout, biasLayout, outputLayout)
    defer { dnnl_primitive_desc_destroy(description) }

    var made: dnnl_primitive_t?
    check(dnnl_primitive_create(&made, description), "dnnl_primitive_create", shape)
    primitive = made
    weightLayout = dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0).pointee
    scratchLayout = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0).pointee
    var name: UnsafePointer<CChar>?
    check(
      withUnsafeMutablePointer(to: &name) {
        dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, $0)
      }, "dnnl_primitive_desc_query", shape)
    implementation = name.map { String(cString: $0) } ?? ""
    weightReorder = Self.reorder(from: ownWeightLayout, to: weightLayout, shape)
  }

  deinit {
    dnnl_primitive_destroy(primitive)
    if let weightReorder { dnnl_primitive_destroy(weightReorder) }
  }

  /// Computes the direction: `output` from `input`, or `input` from `output` when backward.
  func run(output: Buffer, input: Buffer, weight: Buffer, bias: Buffer?) {
    let isForward = direction != .backwardData
    let weights: Buffer
    if let weightReorder {
      weights = Buffer(
        .float32, count: dnnl_memory_desc_get_size(&weightLayout) / MemoryLayout<Float>.size)
      execute(
        weightReorder, "reorder",
        [(DNNL_ARG_FROM, ownWeightLayout, weight), (DNNL_ARG_TO, weightLayout, weights)])
    } else {
      weights = weight
    }
    let scratch = Buffer(.uint8, count: dnnl_memory_desc_get_size(&scratchLayout))
    var arguments = [
      (isForward ? DNNL_ARG_SRC : DNNL_ARG_DIFF_SRC, inputLayout, input),
      (isForward ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST, outputLayout, output),
      (DNNL_ARG_WEIGHTS, weightLayout, weights),
      (DNNL_ARG_SCRATCHPAD, scratchLayout, scratch),
    ]
    if let bias { arguments.append((DNNL_ARG_BIAS, biasLayout, bias)) }
    execute(primitive, "convolution", arguments)
  }

  private func execute(
    _ primitive: dnnl_primitive_t?, _ name: String,
    _ arguments: [(argument: Int32, layout: dnnl_memory_desc_t, buffer: Buffer)]
  ) {
    var memories: [dnnl_exec_arg_t] = []
    for (argument, layout, buffer) in arguments {
      var memory: dnnl_memory_t?
      var layout = layout
      check(
        dnnl_memory_create(&memory, &layout, LibraryEngine.shared.engine, buffer.address),
        "dnnl_memory_create", shape)
      memories.append(dnnl_exec_arg_t(arg: argument, memory: memory))
    }
    withExtendedLifetime(arguments) {
      check(
        dnnl_primitive_execute(
          primitive, LibraryEngine.shared.stream, Int32(memories.count), memories),
        "dnnl_primitive_execute (\(name))", shape)
    }
    for memory in memories { dnnl_memory_destroy(memory.memory) }
  }
}

extension LibraryConvolution {
  private static func layout(_ sizes: [Int], _ tag: dnnl_format_tag_t, _ shape: ConvolutionShape)
    -> dnnl_memory_desc_t
  {
    var layout = dnnl_memory_desc_t()
    check(
      dnnl_memory_desc_init_by_tag(
        &layout, Int32(sizes.count), sizes.map(Int64.init) + Array(repeating: 0, count: 8),
        dnnl_f32,
        tag), "dnnl_memory_desc_init_by_tag", shape)
    return layout
  }

  /// The primitive descriptor; the caller destroys it.
  private static func describe(
    _ direction: Direction, _ shape: ConvolutionShape, _ input: dnnl_memory_desc_t,
    _ weight: dnnl_memory_desc_t, _ bias: dnnl_memory_desc_t, _ output: dnnl_memory_desc_t
  ) -> dnnl_primitive_desc_t? {
    var (input, weight, bias, output) = (input, weight, bias, output)
    let engine = LibraryEngine.shared.engine
    let strides = dimensions([1, 1])
    let padding = dimensions([shape.kernelHeight / 2, shape.kernelWidth / 2])
    var attributes: dnnl_primitive_attr_t?
    check(dnnl_primitive_attr_create(&attributes), "dnnl_primitive_attr_create", shape)
    defer { dnnl_primitive_attr_destroy(attributes) }
    check(
      dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
      "dnnl_primitive_attr_set_scratchpad_mode", shape)

    let hasBias = direction == .forward(hasBias: true)
    var forward = dnnl_convolution_desc_t()
    check(
      withUnsafePointer(to: &bias) { bias in
        dnnl_convolution_forward_desc_init(
          &forward, dnnl_forward_training, dnnl_convolution_direct, &input, &weight,
          hasBias ? bias : nil, &output, strides, padding, padding)
      }, "dnnl_convolution_forward_desc_init", shape)
    var description: dnnl_primitive_desc_t?
    check(
      dnnl_primitive_desc_create(&description, &forward, attributes, engine, nil),
      "dnnl_primitive_desc_create (forward)", shape)
    guard direction == .backwardData else { return description }

    let hint = description
    defer { dnnl_primitive_desc_destroy(hint) }
    var backward = dnnl_convolution_desc_t()
    check(
      dnnl_convolution_backward_data_desc_init(
        &backward, dnnl_convolution_direct, &input, &weight, &output, strides, padding, padding),
      "dnnl_convolution_backward_data_desc_init", shape)
    description = nil
    check(
      dnnl_primitive_desc_create(&description, &backward, attributes, engine, hint),
      "dnnl_primitive_desc_create (backward data)", shape)
    return description
  }

  /// The reordering of weights; nil when the layouts are the same.
  private static func reorder(
    from source: dnnl_memory_desc_t, to target: dnnl_memory_desc_t, _ shape: ConvolutionShape
  ) -> dnnl_primitive_t? {
    var (source, target) = (source, target)
    guard dnnl_memory_desc_equal(&source, &target) == 0 else { return nil }
    let engine = LibraryEngine.shared.engine
    var description: dnnl_primitive_desc_t?
    check(
      dnnl_reorder_primitive_desc_create(&description, &source, engine, &target, engine, nil),
      "dnnl_reorder_primitive_desc_create", shape)
    defer { dnnl_primitive_desc_destroy(description) }
    var made: dnnl_primitive_t?
    check(dnnl_primitive_create(&made, description), "dnnl_primitive_create (reorder)", shape)
    return made
  }
}

/// oneDNN's processor engine and a stream on it, which execute on the calling thread and its pool.
private final class LibraryEngine: @unchecked Sendable {
  static let shared = LibraryEngine()

  let engine: dnnl_engine_t?
  let stream: dnnl_stream_t?

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
}

/// Sizes as oneDNN takes them, in an array of fixed length.
private func dimensions(_ sizes: [Int]) -> [Int64] {
  sizes.map(Int64.init) + [Int64](repeating: 0, count: Int(DNNL_MAX_NDIMS) - sizes.count)
}

/// Stops on a failure of oneDNN: sizes were checked before, so that it is a mistake of this file.
private func check(_ status: dnnl_status_t, _ call: String, _ shape: ConvolutionShape?) {
  precondition(
    status == dnnl_success,
    "oneDNN: \(call) gave status \(status.rawValue)\(shape.map { " for \($0)" } ?? "")")
}
