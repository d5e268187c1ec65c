import COneDNN

/// How oneDNN sees the arrays of a convolution.
struct ConvolutionLayouts {
  let input: dnnl_memory_desc_t
  let output: dnnl_memory_desc_t
  /// Our layout of the weights.
  let ownWeight: dnnl_memory_desc_t
  let bias: dnnl_memory_desc_t
  private let anyWeight: dnnl_memory_desc_t
  private let hint: (input: dnnl_memory_desc_t, weight: dnnl_memory_desc_t)

  /// The layouts for operands of a type and what is computed of them.
  init(
    _ direction: OneDNNConvolution.Direction, shape: ConvolutionShape, operandType: ElementType,
    resultType: ElementType
  ) {
    func layout(_ sizes: [Int], _ tag: dnnl_format_tag_t, isResult: Bool) -> dnnl_memory_desc_t {
      Self.layout(sizes, tag, isResult ? resultType : operandType, shape)
    }
    let inputSizes = [shape.batchSize, shape.inputCount, shape.height, shape.width]
    let outputSizes = [
      shape.batchSize, shape.outputCount, shape.windows.outputHeight, shape.windows.outputWidth,
    ]
    let weightSizes = [
      shape.outputCount, shape.inputCount, shape.kernelHeight, shape.kernelWidth,
    ]
    let isWeightGradient = direction == .backwardWeights
    input = layout(inputSizes, dnnl_nhwc, isResult: false)
    output = layout(outputSizes, dnnl_nhwc, isResult: !isWeightGradient)
    let tag = direction == .forwardByTap ? dnnl_hwio : dnnl_acdb
    ownWeight = layout(weightSizes, tag, isResult: isWeightGradient)
    anyWeight = layout(weightSizes, dnnl_format_tag_any, isResult: isWeightGradient)
    bias = Self.layout([shape.outputCount], dnnl_a, .float32, shape)
    hint = (
      layout(inputSizes, dnnl_nhwc, isResult: false),
      layout(weightSizes, dnnl_format_tag_any, isResult: false)
    )
  }

  private static func layout(
    _ sizes: [Int], _ tag: dnnl_format_tag_t, _ type: ElementType, _ shape: ConvolutionShape
  ) -> dnnl_memory_desc_t {
    var layout = dnnl_memory_desc_t()
    check(
      dnnl_memory_desc_init_by_tag(
        &layout, Int32(sizes.count), dimensions(sizes), type.libraryType, tag),
      "dnnl_memory_desc_init_by_tag", shape)
    return layout
  }

  /// The primitive descriptor, which the caller destroys; nil when oneDNN does not implement the
  /// convolution for this processor.
  func describe(_ direction: OneDNNConvolution.Direction, _ shape: ConvolutionShape)
    -> dnnl_primitive_desc_t?
  {
    let attributes = OneDNNEngine.attributes(shape)
    defer { dnnl_primitive_attr_destroy(attributes) }
    let forward = describeForward(direction, shape, attributes)
    switch direction {
    case .forward, .forwardByTap: return forward
    case .backwardWeights:
      guard let forward else { return nil }
      defer { dnnl_primitive_desc_destroy(forward) }
      return describeWeightGradient(shape, attributes, hint: forward)
    }
  }

  private func describeForward(
    _ direction: OneDNNConvolution.Direction, _ shape: ConvolutionShape,
    _ attributes: dnnl_primitive_attr_t?
  ) -> dnnl_primitive_desc_t? {
    var (input, weight, bias, output) = (hint.input, hint.weight, self.bias, self.output)
    if direction == .backwardWeights { output.data_type = dnnl_f32 }
    let (strides, before, after) = Self.geometry(shape.windows)
    let hasBias = direction == .forward(hasBias: true)
    var forward = dnnl_convolution_desc_t()
    check(
      withUnsafePointer(to: &bias) { bias in
        dnnl_convolution_forward_desc_init(
          &forward, dnnl_forward_training, dnnl_convolution_direct, &input, &weight,
          hasBias ? bias : nil, &output, strides, before, after)
      }, "dnnl_convolution_forward_desc_init", shape)
    return Self.create(&forward, attributes, hint: nil, shape)
  }

  private func describeWeightGradient(
    _ shape: ConvolutionShape, _ attributes: dnnl_primitive_attr_t?, hint: dnnl_primitive_desc_t
  ) -> dnnl_primitive_desc_t? {
    var (input, weight, output) = (self.input, anyWeight, self.output)
    let (strides, before, after) = Self.geometry(shape.windows)
    var backward = dnnl_convolution_desc_t()
    check(
      dnnl_convolution_backward_weights_desc_init(
        &backward, dnnl_convolution_direct, &input, &weight, nil, &output, strides, before,
        after), "dnnl_convolution_backward_weights_desc_init", shape)
    return Self.create(&backward, attributes, hint: hint, shape)
  }

  private static func geometry(_ windows: Windows)
    -> (strides: [Int64], before: [Int64], after: [Int64])
  {
    (
      dimensions([windows.stride, windows.stride]), dimensions([windows.top, windows.left]),
      dimensions([windows.bottom, windows.right])
    )
  }

  private static func create(
    _ operation: inout dnnl_convolution_desc_t, _ attributes: dnnl_primitive_attr_t?,
    hint: dnnl_primitive_desc_t?, _ shape: ConvolutionShape
  ) -> dnnl_primitive_desc_t? {
    var description: dnnl_primitive_desc_t?
    let status = dnnl_primitive_desc_create(
      &description, &operation, attributes, OneDNNEngine.shared.engine, hint)
    if status == dnnl_unimplemented { return nil }
    check(status, "dnnl_primitive_desc_create (convolution)", shape)
    return description
  }
}
