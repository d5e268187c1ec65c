import MessagePassing
import Testing

/// A world of one rank without MPI: every collective is an identity.
struct SingleCommunicatorTests {
  private let single = Communicator.single()

  @Test func collectivesAreIdentities() throws {
    #expect(single.rank == 0 && single.worldSize == 1 && single.hostNames.count == 1)
    try single.barrier()
    #expect(try single.broadcast([1, 2, 3]) == [1, 2, 3])
    #expect(try single.allGather([1.5]) == [[1.5]])
    var values = [1.0, -2, .infinity]
    try single.allReduceSum(&values)
    try single.allReduceMaximum(&values)
    try single.allReduceMinimum(&values)
    #expect(values == [1, -2, .infinity])
    #expect(try single.duplicate().worldSize == 1)
  }

  @Test func canonicalSumIsTheIdentity() throws {
    var values: [Float] = [1, 2, 3]
    try values.withUnsafeMutableBufferPointer {
      try CanonicalReduction(communicator: single).allReduceSum($0)
    }
    #expect(values == [1, 2, 3])
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
    var values = [Float(bitPattern: bits)]
    try values.withUnsafeMutableBufferPointer {
      try CanonicalReduction(communicator: single, wire: .bfloat16).allReduceSum($0)
    }
    #expect(values[0].bitPattern == expected)
  }

  @Test func runtimeWithoutALauncherDoesNotStartMPI() throws {
    for _ in 0..<2 {
      let runtime = try MPIRuntime(environment: [:])
      #expect(runtime.world.worldSize == 1)
      try runtime.finalize()
      try runtime.finalize()
    }
  }

  @Test func runtimeRefusesAWorldThatIsTooSmall() {
    #expect(throws: MessagePassingError.self) { try MPIRuntime(environment: ["SLURM_NTASKS": "2"]) }
    #expect(throws: MessagePassingError.self) {
      try MPIRuntime(expectedWorldSize: 2, environment: [:])
    }
  }

  @Test func deadlineIsKept() throws {
    let single = Communicator.single()
    #expect(single.deadline == nil)
    single.deadline = .milliseconds(1500)
    #expect(single.deadline == .milliseconds(1500))
    #expect(try single.duplicate().deadline == .milliseconds(1500))
    single.deadline = nil
    #expect(single.deadline == nil)
  }

  @Test func messagesToNobodyAreRefused() async {
    await #expect(processExitsWith: .failure) {
      _ = try Communicator.single().send([1], to: 0, tag: 1)
    }
    await #expect(processExitsWith: .failure) {
      _ = try Communicator.single().receive(byteCount: 1, from: 1, tag: 1)
    }
    await #expect(processExitsWith: .failure) {
      _ = try Communicator.single().broadcast([1], root: 1)
    }
  }
}
