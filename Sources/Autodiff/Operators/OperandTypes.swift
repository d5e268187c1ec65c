import Kernels
import Tensors

/// A gradient as an operand of the products with operands of a type.
func gradientOperand(_ dy: Tensor, as operandType: ElementType) -> Buffer {
  operandType == .bfloat16 ? bfloat16Operand(dy.buffer) : dy.buffer
}
