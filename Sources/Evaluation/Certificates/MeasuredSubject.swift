/// What was measured, which is what certificates are compared for.
public struct MeasuredSubject: Codable, Sendable, Equatable {
  /// A fact that the user stated, such as the guidance of samples.
  public struct Fact: Codable, Sendable, Equatable {
    /// What it is, such as `guidance`.
    public var name: String
    /// Its value.
    public var value: String

    /// A fact.
    public init(name: String, value: String) { (self.name, self.value) = (name, value) }
  }

  /// The model or the samples as they were named.
  public var name: String
  /// The digest of the pixels of the measured images, of each seed's where there are several; nil of a model's
  /// reconstructions, which its weights and the reference stand for.
  public var digest: String?
  /// The digest of the model's weights.
  public var weightsDigest: String?
  /// Which weights of a checkpoint were taken: `ema`, `model` or, where the choice was the program's, `default`.
  public var weights: String?
  /// What the user stated about it.
  public var stated: [Fact]

  private enum CodingKeys: String, CodingKey {
    case name
    case digest
    case weightsDigest = "weights_digest"
    case weights
    case stated
  }
}

extension MeasuredSubject {
  private static let seedName = "seed"

  /// What measurements with several seeds have to have in common, by its place.
  var fieldsOfAllSeeds: [String: String] {
    var fields = stated.reduce(into: [:]) { $0["subject.stated.\($1.name)"] = $1.value }
    fields["subject.stated.\(Self.seedName)"] = nil
    fields["subject.weights_digest"] = weightsDigest
    fields["subject.weights"] = weights
    return fields
  }

  /// The subjects of measurements with several seeds as one.
  ///
  /// - Parameter subjects: At least one, with the same `fieldsOfAllSeeds`.
  /// - Returns: The first one with the names, the digests and the seeds of all, in their order.
  static func ofAllSeeds(_ subjects: [MeasuredSubject]) -> MeasuredSubject {
    var all = subjects[0]
    let names = subjects.map(\.name)
    all.name = names.enumerated().filter { names.firstIndex(of: $1) == $0 }.map(\.element)
      .joined(separator: ", ")
    let digests = subjects.compactMap(\.digest)
    all.digest = digests.isEmpty ? nil : digests.joined(separator: " ")
    for (index, fact) in all.stated.enumerated() where fact.name == seedName {
      all.stated[index].value = subjects.flatMap(\.stated).filter { $0.name == seedName }
        .map(\.value).joined(separator: " ")
    }
    return all
  }
}
