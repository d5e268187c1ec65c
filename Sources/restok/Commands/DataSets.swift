import ArgumentParser

/// `restok data`: data sets.
struct DataSets: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Write, describe and check data sets.",
    subcommands: [DataDigits.self, DataPack.self, DataInfo.self, DataVerify.self])
}
