import Configurations
import TestSupport

/// Finds out whether code outside the schemas reads the property of a key.
struct KeyUse {
  /// Names under which the code knows the section that a property belongs to.
  private static let otherOwners = [
    "training": ["settings"], "model": ["configuration"], "cnn": ["sizes"],
    "decoder": ["sizes"], "codebook": ["configuration"], "nestedDropout": ["settings"],
  ]
  /// What the code reads instead of a property that it reads without naming its section.
  private static let otherReadings = [
    "data.augment.crop": ["crop.map"], "data.augment.flip": ["plan.isMirrored"],
    "data.augment.kind": ["CropPlan.resizedCrop"],
    "tokenizer": ["configuration.tokenizer"],
    "model.hidden_multiple": ["configuration.hiddenSize"],
    "optimizer.betas": ["optimizer.firstMomentDecay", "optimizer.secondMomentDecay"],
    "optimizer.rate": ["settings.learningRates"], "schedule.kind": ["settings.learningRates"],
    "schedule.warmup": ["settings.learningRates"], "schedule.end_rate": ["settings.learningRates"],
    "losses.alignment.width": ["sizes.width"],
    "losses.alignment.encoder.margin": ["part.margin"],
    "losses.alignment.decoder.margin": ["part.margin"],
    "run.name": ["run.directory"], "run.output": ["run.directory"],
  ]

  /// Every `owner.name` in the code.
  private let readings: Set<String>

  /// Takes the files that a property may be read in.
  init(files: [RepositoryFile]) {
    var readings: Set<String> = []
    for line in files.flatMap(\.codeLines) where line.utf8.contains(UInt8(ascii: ".")) {
      for chain in line.split(whereSeparator: { !($0.isLetter || $0.isNumber || "_.".contains($0)) }
      ) {
        let names = chain.split(separator: ".")
        for (owner, name) in zip(names, names.dropFirst()) { readings.insert("\(owner).\(name)") }
      }
    }
    self.readings = readings
  }

  /// Whether the property of a key is read; a key that always has one value needs none.
  func isRead(_ key: ConfigurationKey) -> Bool {
    guard let property = key.property else { return true }
    if let others = Self.otherReadings[key.path] { return readings.isSuperset(of: others) }
    let parts = property.split(separator: ".").map(String.init)
    guard let name = parts.last, let owner = parts.dropLast().last else { return false }
    return ([owner] + (Self.otherOwners[owner] ?? [])).contains {
      readings.contains("\($0).\(name)")
    }
  }
}
