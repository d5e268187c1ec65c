import CKernels

/// What multiplies the values at points.
package enum WinogradProducts: Sendable {
  /// float32 values.
  case float32(FloatVectors)
  /// Values that were rounded to bfloat16, of bfloat16 operands.
  case bfloat16(PairInstructions)

  /// The fastest of this processor for values of a type.
  ///
  /// - Precondition: The type is float32 or bfloat16.
  package init(_ valueType: ElementType) {
    precondition(
      valueType == .float32 || valueType == .bfloat16, "WinogradProducts: values of \(valueType)")
    self = valueType == .float32 ? .float32(.widest) : .bfloat16(.best)
  }

  /// The type of the values.
  var valueType: ElementType { if case .float32 = self { .float32 } else { .bfloat16 } }

  /// Whether tiles of a size have such values: rounding grows with the tile, and spoils those of four rows.
  func suits(_ variant: WinogradVariant) -> Bool {
    valueType == .float32 || variant.tileHeight == 2
  }

  /// Stops unless the operands are of a type that the values are made of.
  func check(_ first: Buffer, _ second: Buffer, _ name: String) {
    precondition(
      valueType == .float32 || first.elementType == .bfloat16 && second.elementType == .bfloat16,
      "\(name): rounded values of \(first.elementType) and \(second.elementType)")
  }
}
