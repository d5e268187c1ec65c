import ArgumentParser
import ArrayFiles
import DataParallel
import Foundation

/// The program: a ResTok tokenizer and its generator, trained and used on one rank or many.
struct Restok: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restok",
    abstract: "Train and use the ResTok image tokenizer and its hierarchical generator.",
    discussion: """
      Every command runs alone or, where its help says so, on many ranks: under mpirun, or through \
      Launch/local.sh and Launch/cluster.sh.

      Exit status: 0 done; 64 wrong usage, configuration or number of ranks; 65 data; 70 a rank \
      does not answer; 71 replicas diverged; 72 a value is not finite; 73 checkpoint or disk; \
      75 saved after being asked to stop: start it again; \
      128 + N ended by signal N, with no half-written file left behind.
      """,
    subcommands: [
      Train.self, Encode.self, Decode.self, Reconstruct.self, Sample.self, Search.self,
      Evaluate.self, DataSets.self, Codes.self, CheckpointCommands.self, Plan.self, Bench.self,
      Doctor.self,
    ])
}

/// Parses the command line, runs the command, and turns an error into a message and an exit status.
@main enum EntryPoint {
  static func main() {
    StandardStream.prepare()
    EndSignal.install {
      TemporaryPath.removeAll()
      ChildProcess.end()
    }
    var status: ExitStatus
    do {
      let arguments = Array(SystemPath.commandLine().dropFirst())
      guard !arguments.contains("") else {
        throw ValidationError(
          "an argument is empty, perhaps a variable of the shell that is not set")
      }
      var command = try Restok.parseAsRoot(arguments)
      try command.run()
      status = .done
    } catch {
      EndSignal.holdWhileEnding()
      status = ErrorReport(error).write(rank: RankSession.launchedRank)
    }
    if let loss = StandardStream.loss {
      let text = "error: what the command had to say is lost: \(loss)\n"
      StandardStream.error.writeIfPossible(text)
      if status == .done { status = .storage }
    }
    exit(status.rawValue)
  }
}
