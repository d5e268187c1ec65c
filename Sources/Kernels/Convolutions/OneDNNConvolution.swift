import COneDNN

/// A convolution of oneDNN on channels-last images, made once for its sizes and kept.
///
/// The operands are float32 or bfloat16; so is the result, but for float32 operands and for the
/// gradient of the weights it is float32. oneDNN chooses the layout of the
/// weights; they are reordered from ours, or to ours, through scratch memory.
package final class OneDNNConvolution: @unchecked Sendable {
  /// What is computed: the output, or the gradient of the weights.
  package enum Direction: Hashable, Sendable {
    case forward(hasBias: Bool)
    /// The output, without a bias, from weights `[taps, input, output]`: with the turned kernel and the
    /// output's gradient in place of the input, this is the gradient of the input.
    case forwardByTap
    case backwardWeights
  }

  private struct Key: Hashable {
    let direction: Direction
    let shape: ConvolutionShape
    let operandType: ElementType
    let resultType: ElementType
    let threadCount: Int
  }

  private static let cache = PrimitiveCache<Key, OneDNNConvolution>()

  /// The float32 convolution, if oneDNN is the better choice for it on this processor.
  ///
  /// Its AVX-512 kernels always are. Those for AVX2 fall behind products of patches from about 128
  /// channels on, and without either instruction set only its slow reference would be left.
  static func preferred(_ direction: Direction, shape: ConvolutionShape) -> OneDNNConvolution? {
    guard let known = convolution(direction, shape: shape, operandType: .float32) else {
      return nil
    }
    if known.implementation.contains("avx512") { return known }
    let isSmall = shape.inputCount * shape.outputCount < 128 * 128
    return isSmall && known.implementation.contains("avx2") ? known : nil
  }

  /// The convolution of operands of a type, with a result of a type; nil when oneDNN has none, or just its slow reference.
  package static func convolution(
    _ direction: Direction, shape: ConvolutionShape, operandType: ElementType,
    resultType: ElementType = .float32
  ) -> OneDNNConvolution? {
    let key = Key(
      direction: direction, shape: shape, operandType: operandType, resultType: resultType,
      threadCount: threadCount)
    return cache.primitive(for: key) { OneDNNConvolution(key) }
  }

  /// oneDNN's name of the chosen implementation, such as `jit:avx2`.
  package let implementation: String
  private let direction: Direction
  private let shape: ConvolutionShape
  private let layouts: ConvolutionLayouts
  private let primitive: dnnl_primitive_t?
  private let weightReorder: dnnl_primitive_t?
  private var weightLayout: dnnl_memory_desc_t
  private var scratchLayout: dnnl_memory_desc_t

  private init?(_ key: Key) {
    let (direction, shape) = (key.direction, key.shape)
    let layouts = ConvolutionLayouts(
      direction, shape: shape, operandType: key.operandType, resultType: key.resultType)
    guard let description = layouts.describe(direction, shape) else { return nil }
    defer { dnnl_primitive_desc_destroy(description) }
    implementation = OneDNNEngine.implementation(description, shape)
    guard !implementation.contains("ref") else { return nil }
    self.direction = direction
    self.shape = shape
    self.layouts = layouts
    primitive = OneDNNEngine.primitive(description, shape)
    let isResult = direction == .backwardWeights
    let query = isResult ? dnnl_query_diff_weights_md : dnnl_query_weights_md
    weightLayout = dnnl_primitive_desc_query_md(description, query, 0).pointee
    scratchLayout = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0).pointee
    weightReorder =
      isResult
      ? Self.reorder(from: weightLayout, to: layouts.ownWeight, shape)
      : Self.reorder(from: layouts.ownWeight, to: weightLayout, shape)
  }

  deinit {
    dnnl_primitive_destroy(primitive)
    if let weightReorder { dnnl_primitive_destroy(weightReorder) }
  }

  /// Computes what the direction says from the other two of `output`, `input` and `weight`.
  package func run(output: Buffer, input: Buffer, weight: Buffer, bias: Buffer?) {
    let scratch = Buffer(.uint8, count: dnnl_memory_desc_get_size(&scratchLayout))
    let weights =
      weightReorder == nil
      ? weight
      : Buffer(
        weight.elementType,
        count: dnnl_memory_desc_get_size(&weightLayout) / weight.elementType.byteCount)
    let ends = (own: (layouts.ownWeight, weight), library: (weightLayout, weights))
    let isWeightGradient = direction == .backwardWeights
    if !isWeightGradient { reorder(from: ends.own, to: ends.library) }
    var arguments = [
      (DNNL_ARG_SRC, layouts.input, input),
      (isWeightGradient ? DNNL_ARG_DIFF_DST : DNNL_ARG_DST, layouts.output, output),
      (isWeightGradient ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, weightLayout, weights),
      (DNNL_ARG_SCRATCHPAD, scratchLayout, scratch),
    ]
    if let bias { arguments.append((DNNL_ARG_BIAS, layouts.bias, bias)) }
    OneDNNEngine.shared.execute(primitive, "convolution", arguments, shape)
    if isWeightGradient { reorder(from: ends.library, to: ends.own) }
  }

  /// Moves weights from one layout to the other; nothing when both are the same.
  private func reorder(
    from source: (layout: dnnl_memory_desc_t, buffer: Buffer),
    to target: (layout: dnnl_memory_desc_t, buffer: Buffer)
  ) {
    guard let weightReorder else { return }
    OneDNNEngine.shared.execute(
      weightReorder, "reorder",
      [(DNNL_ARG_FROM, source.layout, source.buffer), (DNNL_ARG_TO, target.layout, target.buffer)],
      shape)
  }

  /// The reordering of weights; nil when the layouts are the same.
  private static func reorder(
    from source: dnnl_memory_desc_t, to target: dnnl_memory_desc_t, _ shape: ConvolutionShape
  ) -> dnnl_primitive_t? {
    var (source, target) = (source, target)
    guard dnnl_memory_desc_equal(&source, &target) == 0 else { return nil }
    let engine = OneDNNEngine.shared.engine
    var description: dnnl_primitive_desc_t?
    check(
      dnnl_reorder_primitive_desc_create(&description, &source, engine, &target, engine, nil),
      "dnnl_reorder_primitive_desc_create", shape)
    defer { dnnl_primitive_desc_destroy(description) }
    return OneDNNEngine.primitive(description, shape)
  }
}
