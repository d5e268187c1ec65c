import Foundation
import MessagePassing
import PhaseFixtures

// What several ranks must do together, checked by several ranks: run as
// `mpirun -n N RankChecks [all | size-mismatch | fast-size-mismatch | gather-size-mismatch | timeout | divergence | exchange-absent |
// exchange-stopped | exchange-killed | networks FOLDER]`.
// `all` prints a line "ok NAME" or "FAILED NAME" for each check; the others end by the error they
// are named after, but for `networks`, which writes small frozen networks for runs of the whole recipe.

do {
  let runtime = try MPIRuntime()
  let mode = CommandLine.arguments.dropFirst().first ?? "all"
  do {
    let failureCount = try run(mode: mode, world: runtime.world)
    try runtime.finalize()
    exit(failureCount == 0 ? 0 : 1)
  } catch {
    FileHandle.standardError.write(Data("FAILED \(mode): \(error)\n".utf8))
    runtime.abort(code: 2)
  }
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(64)
}

/// Runs the checks of a mode and returns how many failed.
func run(mode: String, world: Communicator) throws -> Int {
  switch mode {
  case "size-mismatch": try exchangeDifferentSizes(world, .canonicalSum(wire: .float32))
  case "fast-size-mismatch": try exchangeDifferentSizes(world, .librarySum)
  case "gather-size-mismatch": try exchangeDifferentSizes(world, .gather)
  case "timeout": try waitForAbsentRank(world)
  case "divergence": try reportDifferentDigests(world)
  case "networks":
    guard let folder = CommandLine.arguments.dropFirst(2).first else {
      throw CheckFailure("networks: name a folder")
    }
    try writeRandomNetworks(in: folder)
    return 0
  case "all":
    let checks = try RankCheckList(world: world)
    try checkCollectives(checks)
    try checkCanonicalSum(checks)
    try checkReduceScatterAndGather(checks)
    try checkLibrarySum(checks)
    try checkGradientExchange(checks)
    try checkFastGradientExchange(checks)
    try checkStepConsensus(checks)
    try checkSampleTransport(checks)
    try checkPhases(checks)
    try checkGoingOn(checks)
    try checkAgreement(checks)
    try checkRevival(checks)
    try checkHeldOutScores(checks)
    try checkEvaluation(checks)
    try checkSharedOutputs(checks)
    try checkResumedOutputs(checks)
    return checks.failureCount
  case _ where ExchangeFailure(rawValue: mode) != nil:
    guard let failure = ExchangeFailure(rawValue: mode) else { break }
    try exchangeWithoutLastRank(world, failure)
  default: throw CheckFailure("mode \(mode) is unknown")
  }
  return 1
}
