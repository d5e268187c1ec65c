import Autodiff
import DataParallel
import MessagePassing
import Tensors
import Testing

/// Exchanges of one rank, and who owns what among several; their messages are the rank checks' matter.
struct BucketExchangeTests {
  @Test(arguments: 1...9)
  func partsCoverTheBucketOnce(worldSize: Int) {
    for elementCount in [0, 1, 2, 7, 8, 100, 4099] {
      let parts = BucketParts(elementCount: elementCount, worldSize: worldSize)
      let owned = (0..<worldSize).flatMap { Array(parts[$0]) }
      #expect(owned.sorted() == Array(0..<elementCount))
      // No rank has much more to do than another.
      let sizes = (0..<worldSize).map { parts[$0].count }
      #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
    }
  }

  @Test func exchangesAreIdentities() throws {
    for operation in [BucketOperation.canonicalSum(wire: .float32), .librarySum, .gather] {
      let values = Tensor([1, 2, 3] as [Float], shape: [3])
      try BucketExchange(operation, communicator: .single()).run(on: values.buffer, bucketSize: 1)
      #expect(values.array(of: Float.self) == [1, 2, 3])
    }
  }

  /// Nearest, ties to even, at the bits of float32 that bfloat16 does not have.
  @Test(
    arguments: [
      (0x3F80_0000, 0x3F80_0000), (0x3F80_7FFF, 0x3F80_0000), (0x3F80_8000, 0x3F80_0000),
      (0x3F80_8001, 0x3F81_0000), (0x3F81_8000, 0x3F82_0000), (0xBF81_8000, 0xBF82_0000),
      (0x3FFF_C000, 0x4000_0000), (0x7F7F_FFFF, 0x7F80_0000), (0x7F80_0000, 0x7F80_0000),
      (0xFF80_0000, 0xFF80_0000), (0x0000_8000, 0x0000_0000), (0x0000_8001, 0x0001_0000),
      (0x8000_0000, 0x8000_0000), (0x7F80_0001, 0x7FC0_0000), (0xFFFF_FFFF, 0xFFFF_0000),
    ] as [(UInt32, UInt32)])
  func aSumOverBFloat16IsRoundedOnceOnOneRankToo(bits: UInt32, expected: UInt32) throws {
    let value = Tensor([Float(bitPattern: bits)], shape: [1])
    try BucketExchange(.canonicalSum(wire: .bfloat16), communicator: .single())
      .run(on: value.buffer)
    #expect(value.array(of: Float.self)[0].bitPattern == expected)
  }

  @Test func aSecondExchangeMustWaitForTheFirst() async {
    await #expect(processExitsWith: .failure) {
      let exchange = BucketExchange(.librarySum, communicator: .single())
      exchange.begin(elementCount: 1)
      exchange.begin(elementCount: 1)
    }
  }

  @Test func theFastReductionHasNoWireFormat() async {
    await #expect(processExitsWith: .failure) {
      let arena = ParameterArena()
      _ = ParameterScope(arena).parameter("weight", [1], .constant(0))
      arena.allocate(forTraining: true)
      _ = try GradientExchange(
        arena: arena, communicator: .single(), bucketByteCount: 4, reduction: .fast,
        wire: .bfloat16)
    }
  }
}
