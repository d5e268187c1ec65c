public import MachineReport

/// What must be the same for two runs to give the same bits, besides the configuration.
///
/// Recorded in every checkpoint; a resume under other pins is allowed, and says so. The libraries
/// choose their kernels by the processor's model too: the caller passes what they say about it among
/// the versions.
public struct SystemPins: Sendable, Equatable {
  /// Threads of every rank.
  public var threadCountPerRank: Int
  /// The processor's architecture and the vector extensions that numerical libraries use.
  public var instructionSet: String
  /// Versions, by the name of the library.
  public var libraryVersions: [String: String]
  /// Lanes of a step.
  public var laneCount: Int
  /// Samples of a lane.
  public var sampleCountPerLane: Int
  /// Digests of the data, by the key that names them.
  public var dataDigests: [String: String]
  /// Digests of the files of frozen networks, by the key that names them.
  public var fileDigests: [String: String]

  /// Makes pins of given values.
  public init(
    threadCountPerRank: Int, instructionSet: String = InstructionSet.current,
    libraryVersions: [String: String], laneCount: Int, sampleCountPerLane: Int,
    dataDigests: [String: String] = [:], fileDigests: [String: String] = [:]
  ) {
    self.threadCountPerRank = threadCountPerRank
    self.instructionSet = instructionSet
    self.libraryVersions = libraryVersions
    self.laneCount = laneCount
    self.sampleCountPerLane = sampleCountPerLane
    self.dataDigests = dataDigests
    self.fileDigests = fileDigests
  }

  /// The pins as a checkpoint's manifest holds them.
  public var recorded: [String: String] {
    var pins = [
      "threads_per_rank": String(threadCountPerRank), "instruction_set": instructionSet,
      "lanes": String(laneCount), "per_lane": String(sampleCountPerLane),
    ]
    for (name, version) in libraryVersions { pins["version." + name] = version }
    // A key of the section `data`, or the whole path of another one.
    for (name, digest) in dataDigests {
      pins[name.contains(".") ? name : "data." + name] = digest
    }
    pins.merge(fileDigests) { $1 }
    return pins
  }

  /// How these pins differ from those of a checkpoint, sorted by name; empty for the same bits.
  ///
  /// - Parameter checkpoint: The manifest's pins.
  /// - Returns: Texts such as `threads_per_rank is 2, the checkpoint was written with 4`.
  public func differences(from checkpoint: [String: String]) -> [String] {
    let own = recorded
    return Set(own.keys).union(checkpoint.keys).sorted().compactMap { name in
      switch (own[name], checkpoint[name]) {
      case (let value?, let other?) where value == other: nil
      case (let value?, let other?)
      where ["data.", "losses.", "init_"].contains(where: name.hasPrefix):
        "\(name) is not what the checkpoint was trained on: its digest is \(value), then \(other)"
      case (let value?, let other?):
        "\(name) is \(value), the checkpoint was written with \(other)"
      case (let value?, nil): "\(name) is \(value), the checkpoint does not say"
      case (nil, let other?): "\(name) is not known here, the checkpoint was written with \(other)"
      case (nil, nil): nil
      }
    }
  }
}
