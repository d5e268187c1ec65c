package import Configurations
package import Tensors

extension Precision {
  /// The type of the operands of products.
  package var operandType: ElementType {
    switch self {
    case .float32: .float32
    case .bfloat16: .bfloat16
    }
  }
}
