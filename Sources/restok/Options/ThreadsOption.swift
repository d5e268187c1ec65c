import ArgumentParser

/// The threads that a rank computes with.
struct ThreadsOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Threads of each rank (default: its cores); the last bits of results depend on them.",
      valueName: "n"))
  var threads: Int?

  func validate() throws {
    guard threads ?? 1 > 0 else {
      throw ValidationError("--threads \(threads ?? 0): expected at least 1")
    }
  }
}
