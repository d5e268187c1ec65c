import COneDNN

/// A matrix product of oneDNN, made once for its sizes and kept: C = A·B + bias, or C += A·B + bias.
///
/// C is float32 or bfloat16; A and B are of one type, float32 or bfloat16. A bfloat16 B is packed into panels first,
/// as oneDNN's kernels read it; left to itself oneDNN copies parts of it again and again.
package final class OneDNNProduct: @unchecked Sendable {
  private struct Key: Hashable, CustomStringConvertible {
    let rowCount: Int
    let columnCount: Int
    let depth: Int
    let stride: Int
    let left: Strides
    let right: Strides
    let operandType: ElementType
    let resultType: ElementType
    let hasBias: Bool
    let isAdding: Bool
    let threadCount: Int

    var description: String { "a product of \(rowCount)x\(depth) by \(depth)x\(columnCount)" }
  }

  private struct Strides: Hashable {
    let row: Int
    let column: Int

    init(_ matrix: Matrix) {
      (row, column) = matrix.isTransposed ? (1, matrix.stride) : (matrix.stride, 1)
    }
  }

  private struct Layouts {
    let a: dnnl_memory_desc_t
    let b: dnnl_memory_desc_t
    let bias: dnnl_memory_desc_t
    let c: dnnl_memory_desc_t
  }

  private static let cache = PrimitiveCache<Key, OneDNNProduct>()

  private let key: Key
  private let primitive: dnnl_primitive_t?
  private let layouts: Layouts
  private var scratchLayout: dnnl_memory_desc_t

  /// Computes C ← A·B + bias, or C ← C + A·B + bias when `isAdding`.
  ///
  /// `panels` are those of a bfloat16 B, where they are there already.
  ///
  /// - Returns: False, with C untouched, when oneDNN has just its slow reference for these matrices.
  package static func run(
    into c: Matrix, _ a: Matrix, _ b: Matrix, panels: FactorPanels? = nil, bias: Buffer? = nil,
    isAdding: Bool
  ) -> Bool {
    let key = Key(
      rowCount: c.rowCount, columnCount: c.columnCount, depth: a.columnCount, stride: c.stride,
      left: Strides(a), right: Strides(b), operandType: a.buffer.elementType,
      resultType: c.buffer.elementType, hasBias: bias != nil, isAdding: isAdding,
      threadCount: threadCount)
    guard let product = cache.primitive(for: key, make: { OneDNNProduct(key) }) else {
      return false
    }
    product.run(into: c, a, b, panels, bias)
    return true
  }

  /// Nil when oneDNN does not implement the product for this processor, or just by its reference.
  private init?(_ key: Key) {
    self.key = key
    let type = key.operandType
    var a = Self.layout(key.rowCount, key.depth, key.left.row, key.left.column, type, key)
    var b =
      type == .bfloat16
      ? FactorPanels.layout(rowCount: key.depth, columnCount: key.columnCount, key)
      : Self.layout(key.depth, key.columnCount, key.right.row, key.right.column, type, key)
    var bias = Self.layout(1, key.columnCount, key.columnCount, 1, .float32, key)
    var c = Self.layout(key.rowCount, key.columnCount, key.stride, 1, key.resultType, key)
    layouts = Layouts(a: a, b: b, bias: bias, c: c)
    var operation = dnnl_matmul_desc_t()
    check(
      withUnsafePointer(to: &bias) {
        dnnl_matmul_desc_init(&operation, &a, &b, key.hasBias ? $0 : nil, &c)
      }, "dnnl_matmul_desc_init", key)
    let attributes = OneDNNEngine.attributes(isAdding: key.isAdding, key)
    defer { dnnl_primitive_attr_destroy(attributes) }
    var description: dnnl_primitive_desc_t?
    let status = dnnl_primitive_desc_create(
      &description, &operation, attributes, OneDNNEngine.shared.engine, nil)
    if status == dnnl_unimplemented { return nil }
    check(status, "dnnl_primitive_desc_create (product)", key)
    defer { dnnl_primitive_desc_destroy(description) }
    if OneDNNEngine.implementation(description, key).contains("ref") { return nil }
    scratchLayout = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0).pointee
    primitive = OneDNNEngine.primitive(description, key)
  }

  deinit { dnnl_primitive_destroy(primitive) }

  private func run(
    into c: Matrix, _ a: Matrix, _ b: Matrix, _ panels: FactorPanels?, _ bias: Buffer?
  ) {
    let scratch = Buffer(.uint8, count: dnnl_memory_desc_get_size(&scratchLayout))
    let right = key.operandType == .bfloat16 ? (panels ?? FactorPanels(b)).buffer : b.buffer
    var arguments = [
      (DNNL_ARG_SRC, layouts.a, a.buffer), (DNNL_ARG_WEIGHTS, layouts.b, right),
      (DNNL_ARG_DST, layouts.c, c.buffer), (DNNL_ARG_SCRATCHPAD, scratchLayout, scratch),
    ]
    if let bias { arguments.append((DNNL_ARG_BIAS, layouts.bias, bias)) }
    OneDNNEngine.shared.execute(primitive, "product", arguments, key)
  }

  private static func layout(
    _ rowCount: Int, _ columnCount: Int, _ rowStride: Int, _ columnStride: Int,
    _ type: ElementType, _ key: Key
  ) -> dnnl_memory_desc_t {
    var layout = dnnl_memory_desc_t()
    check(
      dnnl_memory_desc_init_by_strides(
        &layout, 2, dimensions([rowCount, columnCount]), type.libraryType,
        dimensions([rowStride, columnStride])), "dnnl_memory_desc_init_by_strides", key)
    return layout
  }
}
