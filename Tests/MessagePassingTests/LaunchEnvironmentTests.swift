import MessagePassing
import Testing

struct LaunchEnvironmentTests {
  @Test func nothingSetIsAWorldOfOne() throws {
    let launch = try LaunchEnvironment(["PATH": "/usr/bin"])
    #expect(!launch.isLaunched)
    #expect(launch.declaration == nil)
    try launch.check(worldSize: 1, expected: nil)
  }

  @Test(arguments: [
    ["OMPI_COMM_WORLD_SIZE": "4"], ["PMI_SIZE": "4"], ["PMIX_RANK": "0", "SLURM_NTASKS": "4"],
  ])
  func launchersAreRecognised(environment: [String: String]) throws {
    let launch = try LaunchEnvironment(environment)
    #expect(launch.isLaunched)
    #expect(launch.declaration?.count == 4)
    try launch.check(worldSize: 4, expected: nil)
    #expect(throws: MessagePassingError.self) { try launch.check(worldSize: 1, expected: nil) }
  }

  /// Slurm started four copies that know nothing of each other.
  @Test func singletonsOfASchedulerAreRefused() throws {
    let launch = try LaunchEnvironment(["SLURM_NTASKS": "4", "SLURM_PROCID": "2"])
    #expect(!launch.isLaunched)
    let error = #expect(throws: MessagePassingError.self) {
      try launch.check(worldSize: 1, expected: nil)
    }
    let text = try #require(error).description
    #expect(text.contains("SLURM_NTASKS says 4"))
    #expect(text.contains("mpirun -np 4"))
  }

  @Test func partOfAnAllocationIsFine() throws {
    let launch = try LaunchEnvironment(["OMPI_COMM_WORLD_SIZE": "2", "SLURM_NTASKS": "8"])
    try launch.check(worldSize: 2, expected: nil)
    // One rank of a larger allocation, said by its own launcher.
    try LaunchEnvironment(["OMPI_COMM_WORLD_SIZE": "1", "SLURM_NTASKS": "8"])
      .check(worldSize: 1, expected: nil)
  }

  @Test func theUsersNumberOutranksTheVariables() throws {
    let launch = try LaunchEnvironment(["SLURM_NTASKS": "4"])
    try launch.check(worldSize: 1, expected: 1)
    #expect(throws: MessagePassingError.self) { try launch.check(worldSize: 1, expected: 2) }
  }

  @Test(arguments: ["four", "0", "-1", ""])
  func aCountThatIsNoneIsRefused(value: String) throws {
    #expect(throws: MessagePassingError.self) { try LaunchEnvironment(["PMI_SIZE": value]) }
  }
}
