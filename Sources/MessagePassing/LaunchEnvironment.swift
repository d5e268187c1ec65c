/// What a launcher or scheduler left in the environment about the number of ranks.
///
/// A program that asks MPI alone cannot tell "one rank was wanted" from "the scheduler started four
/// copies that know nothing of each other" (open-mpi/ompi#13523): both look like a world of one.
package struct LaunchEnvironment {
  /// A number of ranks and the variable it came from.
  package struct Declaration: Equatable, Sendable {
    package let variable: String
    package let count: Int
    /// Whether the variable speaks of exactly the processes that share this MPI world, as a
    /// launcher's does; a scheduler's speaks of an allocation, of which a world may use a part.
    package let isExact: Bool
  }

  /// Whether an MPI launcher started this process, so that MPI must be initialised.
  package let isLaunched: Bool
  /// The most trustworthy statement about the number of ranks.
  package let declaration: Declaration?

  /// Reads the variables of Open MPI's launcher, of PMI and PMIx, and of Slurm.
  ///
  /// - Throws: ``MessagePassingError/launchVariable(name:value:)`` for a count that is none.
  package init(_ environment: [String: String]) throws {
    let sources = [
      ("OMPI_COMM_WORLD_SIZE", true), ("PMI_SIZE", true), ("SLURM_STEP_NUM_TASKS", false),
      ("SLURM_NTASKS", false),
    ]
    var declaration: Declaration?
    for (variable, isExact) in sources {
      guard declaration == nil, let value = environment[variable] else { continue }
      guard let count = Int(value), count > 0 else {
        throw MessagePassingError.launchVariable(name: variable, value: value)
      }
      declaration = Declaration(variable: variable, count: count, isExact: isExact)
    }
    self.declaration = declaration
    isLaunched = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK"]
      .contains { environment[$0] != nil }
  }

  /// Refuses a world that is not the one that was asked for.
  ///
  /// - Parameters:
  ///   - worldSize: The number of ranks MPI sees.
  ///   - expected: The number the user named, which outranks every variable.
  /// - Throws: ``MessagePassingError/worldSize(found:expected:source:)``.
  package func check(worldSize: Int, expected: Int?) throws {
    if let expected {
      guard expected == worldSize else {
        throw MessagePassingError.worldSize(
          found: worldSize, expected: expected, source: "--expect-ranks")
      }
    } else if let declaration, declaration.count != worldSize,
      declaration.isExact || worldSize == 1
    {
      throw MessagePassingError.worldSize(
        found: worldSize, expected: declaration.count, source: declaration.variable)
    }
  }
}
