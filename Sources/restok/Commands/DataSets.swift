import ArgumentParser

/// `restok data`: data sets.
struct DataSets: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Write, describe and check data sets.",
    subcommands: [
      DataDigits.self, DataSynthesize.self, DataPack.self, DataIndex.self, DataConvertCodes.self,
      DataInfo.self, DataVerify.self,
    ])
}
