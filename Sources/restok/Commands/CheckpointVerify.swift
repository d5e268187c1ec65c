import ArgumentParser
import ArrayFiles
import Checkpoints

/// `restok checkpoint verify`: checkpoints against their manifests.
struct CheckpointVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Read checkpoints from the first byte to the last and check every digest.",
    discussion: """
      Of a run it checks every checkpoint, and with --digest the newest. Lists everything that is \
      wrong, and then exits with status 73.
      """)

  @Argument(help: "Checkpoint directories or run directories.")
  var paths: [String]

  @Flag(
    help: "Print only a digest for each path: equal digests mean byte-identical files of tensors.")
  var digest = false

  func validate() throws {
    guard !paths.isEmpty else { throw ValidationError("name at least one checkpoint or run") }
  }

  func run() throws {
    try RankSession.requireSingleRank("checkpoint verify")
    var isSound = true
    for path in paths {
      let directories = try CheckpointCommands.directories(of: path)
      for directory in digest ? Array(directories.prefix(1)) : directories {
        let result = CheckpointVerification(of: directory)
        isSound = isSound && result.isSound
        if digest {
          try result.requireSound()
          if let manifest = result.manifest { print(Self.contentDigest(of: manifest)) }
        } else {
          let fault = result.isOfNewerVersion ? "OF A NEWER PROGRAM" : "DAMAGED"
          print("\(directory): \(result.isSound ? "sound" : fault)")
          for problem in result.problems { print("  \(problem)") }
          for name in result.foreignNames {
            print("  note: '\(name)' is no part of the checkpoint, and is left alone")
          }
        }
      }
    }
    if !isSound { throw ExitStatusError(status: .storage) }
  }

  /// A digest of all that was trained: the files by name and content, the step and the kind.
  ///
  /// The pins are left out: they say how the bits were made, not what they are. So is the prefix that
  /// the files of the first network have since checkpoints hold several: digests from before stay.
  private static func contentDigest(of manifest: CheckpointManifest) -> String {
    let lines =
      ["\(manifest.kind.rawValue) \(manifest.step)"]
      + manifest.files.map {
        "\($0.name.trimmingPrefix(manifest.kind.rawValue + ".")) \($0.size) \($0.digest)"
      }
    var digest = ContentDigest()
    digest.update(Array(lines.map { $0 + "\n" }.joined().utf8))
    return digest.hexadecimal
  }
}
