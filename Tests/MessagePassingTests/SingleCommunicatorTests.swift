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
    #expect(values == [1, -2, .infinity])
    #expect(try single.duplicate().worldSize == 1)
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
