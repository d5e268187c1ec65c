import ArgumentParser

/// `restok train`: training runs.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a tokenizer or a generator.",
    subcommands: [TrainTokenizer.self, TrainGenerator.self])

  /// The help of both kinds.
  static let discussion = """
    Runs on every number of ranks that divides the configuration's lanes; powers of two give the \
    same bits. Ctrl-C, SIGTERM and SIGUSR1 let the step end, save, and exit with status 75: the \
    same command goes on from there.
    """
}
