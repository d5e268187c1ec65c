import ArgumentParser
import Checkpoints

/// `restok checkpoint info`: what a checkpoint holds.
struct CheckpointInfo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Say what a checkpoint holds.",
    discussion: "Of a run it takes the newest sound one.")

  @Argument(help: "A checkpoint directory or a run directory.")
  var path: String

  @Flag(help: "List every tensor.")
  var tensors = false

  @Flag(help: "Print the figures as one line of JSON.")
  var json = false

  func run() throws {
    try RankSession.requireSingleRank("checkpoint info")
    let directories = try CheckpointCommands.directories(of: path)
    var directory = directories[0]
    var isSound = false
    for candidate in directories {
      let verification = CheckpointVerification(of: candidate)
      try verification.requireReadable()
      if verification.isSound {
        (directory, isSound) = (candidate, true)
        break
      }
      warn("\(candidate) is damaged: \(verification.summary)")
    }
    // Of a damaged one it says what its manifest says, and ends with the status of damage.
    try show(try Checkpoint(directory: directory).manifest, directory)
    if !isSound { throw ExitStatusError(status: .storage) }
  }

  private func show(_ manifest: CheckpointManifest, _ directory: String) throws {
    if json {
      try printJSON(manifest)
      return
    }
    print("checkpoint      \(directory)")
    print("kind            \(manifest.kind.rawValue)")
    print("step            \(manifest.step)")
    print("configuration   \(manifest.configurationDigest)")
    print("replica         \(manifest.replicaDigest)")
    if let stateDigest = manifest.stateDigest { print("state           \(stateDigest)") }
    for network in manifest.networks {
      print("network         \(network.name): \(network.stepCount) steps")
    }
    for (name, value) in manifest.pins.sorted(by: { $0.key < $1.key }) {
      print("pin             \(name) = \(value)")
    }
    print("model           \(manifest.configuration == nil ? "in its run" : "in the checkpoint")")
    for file in manifest.files {
      let weightCount = file.tensors.reduce(0) { $0 + $1.elementCount }
      print(
        "file            \(file.name): \(file.tensors.count) tensors, \(weightCount) values, "
          + "\(file.size) bytes")
      if tensors {
        for tensor in file.tensors { print("                  \(tensor.name) \(tensor.shape)") }
      }
    }
  }
}
