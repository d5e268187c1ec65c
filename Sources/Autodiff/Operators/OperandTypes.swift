import Kernels
import Tensors

extension Tape {
  /// A value as a pullback keeps it: rounded to the operand type when the tape records, so that it
  /// takes half the memory in mixed precision.
  func saved(_ value: Tensor) -> Tensor {
    guard isRecording, operandType == .bfloat16 else { return value }
    return Tensor(shape: value.shape, buffer: value.buffer.rounded)
  }
}

/// A gradient as an operand of the products with operands of a type.
func gradientOperand(_ dy: Tensor, as operandType: ElementType) -> Buffer {
  operandType == .bfloat16 ? bfloat16Operand(dy.buffer) : dy.buffer
}
