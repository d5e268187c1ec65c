import Kernels
import Tensors

/// Stops with the operation's name and both shapes when they differ.
func require(
  _ shape: [Int], matches expected: [Int], _ operation: @autoclosure () -> String
) {
  precondition(shape == expected, "\(operation()): shape \(shape), expected \(expected)")
}

/// Lets a kernel write a gradient that may not be wanted: then it goes to scratch memory.
func accumulateOrDiscard(
  _ adjoint: Adjoint?, shape: [Int], _ write: (Buffer, _ isAdding: Bool) -> Void
) {
  if let adjoint {
    adjoint.accumulate(shape: shape, write)
  } else {
    write(Tensor(uninitialized: shape).buffer, false)
  }
}

/// The same for two gradients of one shape that a kernel writes together.
func accumulatePair(
  _ first: Adjoint?, _ second: Adjoint?, shape: [Int],
  _ write: (Buffer, Buffer, _ isAdding: (Bool, Bool)) -> Void
) {
  accumulateOrDiscard(first, shape: shape) { firstBuffer, isAddingFirst in
    accumulateOrDiscard(second, shape: shape) { secondBuffer, isAddingSecond in
      write(firstBuffer, secondBuffer, (isAddingFirst, isAddingSecond))
    }
  }
}
