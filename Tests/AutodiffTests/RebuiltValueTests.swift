import Autodiff
import Kernels
import Tensors
import TestSupport
import Testing

/// Results that the pullbacks of what follows compute again instead of keeping them.
@Suite struct RebuiltValueTests {
  enum Operation: CaseIterable {
    case groupNorm, layerNorm, rmsNorm, linearGELU, siluProduct, upsample

    /// The operation on images `[24, 32, 32, 128]`, large enough to be computed again.
    func callAsFunction(_ x: Variable, _ parameters: [Tensor]) -> Variable {
      let given = parameters.map { Variable(constant: $0, on: x.tape) }
      switch self {
      case .groupNorm:
        return Autodiff.groupNorm(
          x, weight: given[0], bias: given[1], groupCount: 2, epsilon: 1e-6, activation: .silu)
      case .layerNorm:
        return Autodiff.layerNorm(x, weight: given[0], bias: given[1], epsilon: 1e-6)
      case .rmsNorm: return Autodiff.rmsNorm(x, weight: given[0], epsilon: 1e-6)
      case .linearGELU: return Autodiff.linearGELU(x, weight: given[2], bias: given[1])
      case .siluProduct: return Autodiff.siluProduct(x, scale(x, by: 0.5))
      case .upsample: return upsampleNearest2x(x)
      }
    }
  }

  /// The gradients of what follows and of the input, as bits; and the bytes that the tape keeps.
  static func run(
    _ operation: Operation, isRebuilt: Bool, isConvolution: Bool,
    operandType: ElementType = .float32
  ) -> (bits: [[UInt32]], keptByteCount: Int) {
    var numbers = TestNumbers(seed: 8)
    let parameters = [
      numbers.tensor([128], in: 0.5..<2), numbers.tensor([128]), numbers.tensor([128, 128]),
    ]
    let values = (
      x: numbers.tensor([24, 32, 32, 128]),
      weight: numbers.tensor(isConvolution ? [8, 3, 3, 128] : [8, 128])
    )
    let before = StorageStatistics.current.liveByteCount
    let tape = Tape(isRecording: true, operandType: operandType)
    let x = Variable(input: values.x, on: tape)
    let weight = Variable(input: values.weight, on: tape)
    let result = {
      var y = operation(x, parameters)
      // The result of a reshape is kept.
      if !isRebuilt { y = reshape(y, to: y.shape) }
      return isConvolution ? convolution(y, weight: weight) : linear(y, weight: weight)
    }()
    let kept = StorageStatistics.current.liveByteCount - before
    tape.backward(from: weightedTotal(result, numbers.tensor(result.shape)))
    let bits = [x, weight].map {
      $0.adjoint?.gradient?.array(of: Float.self).map(\.bitPattern) ?? []
    }
    return withExtendedLifetime(parameters) { (bits, kept) }
  }

  @Test(arguments: Operation.allCases, [false, true])
  func gradientsHaveTheSameBits(operation: Operation, isMixed: Bool) {
    for isConvolution in [false, true] {
      let results = [false, true].map { isRebuilt in
        Self.run(
          operation, isRebuilt: isRebuilt, isConvolution: isConvolution,
          operandType: isMixed ? .bfloat16 : .float32
        ).bits
      }
      #expect(results[0].allSatisfy { $0.contains { $0 != 0 } })
      #expect(results[0] == results[1], "\(operation), convolution \(isConvolution)")
    }
  }

  /// In a process of its own: the pool counts for the whole process.
  @Test func theResultIsNotKept() async {
    await #expect(processExitsWith: .success) {
      for operation in Operation.allCases {
        let kept = Self.run(operation, isRebuilt: false, isConvolution: true).keptByteCount
        let rebuilt = Self.run(operation, isRebuilt: true, isConvolution: true).keptByteCount
        let resultByteCount = (operation == .upsample ? 4 : 1) * 24 * 32 * 32 * 128 * 4
        #expect(kept - rebuilt == resultByteCount, "\(operation): \(kept) \(rebuilt)")
      }
    }
  }
}
