import Inference

/// What is known about samples: what the record beside them says, and what the user states.
struct SampleFacts: Sendable {
  /// All of it.
  let all: [MeasuredSubject.Fact]
  /// What is not taken over.
  let warnings: [String]
  private let set: String
  private let record: SamplingRecord?

  /// Looks for a record.
  ///
  /// - Parameters:
  ///   - set: The samples.
  ///   - paths: What they were named by; a record is of the images of one path.
  ///   - stated: What the user states.
  /// - Throws: `EvaluationError.foreignRecord` for a record of another number of images, or one that says something
  ///   else than the user; the errors of reading it.
  init(of set: ImageSet, _ paths: [String], stated: [MeasuredSubject.Fact]) throws {
    self.set = set.name
    let record = try paths.count == 1 ? SamplingRecord.beside(paths[0]) : nil
    let count = try paths.count == 1 ? 0 : paths.count { try SamplingRecord.isBeside($0) }
    warnings =
      count == 0
      ? []
      : [
        "the records of sampling beside \(count) of \(paths.count) paths are not taken over, for each is of its own "
          + "images: state what all have in common"
      ]
    self.record = record
    guard let record else {
      all = stated
      return
    }
    guard record.imageCount == set.count else {
      throw EvaluationError.foreignRecord(
        set: set.name, problem: "it says \(record.imageCount) images, and there are \(set.count)")
    }
    all = try Self.joined(
      record.facts.map { MeasuredSubject.Fact(name: $0.name, value: $0.value) }, stated, set.name)
  }

  /// What the record says, and what else is stated.
  private static func joined(
    _ recorded: [MeasuredSubject.Fact], _ stated: [MeasuredSubject.Fact], _ set: String
  ) throws(EvaluationError) -> [MeasuredSubject.Fact] {
    var facts = recorded
    for fact in stated {
      guard let known = facts.first(where: { $0.name == fact.name }) else {
        facts.append(fact)
        continue
      }
      guard known.value == fact.value else {
        throw .foreignRecord(
          set: set, problem: "it says \(fact.name)=\(known.value), and stated is \(fact.value)")
      }
    }
    return facts
  }

  /// Refuses images that the record is not of, once they were read.
  ///
  /// - Throws: `EvaluationError.foreignRecord`.
  func requireRecord(ofImages digests: SetDigests?) throws(EvaluationError) {
    guard let digests, let expected = record?.pixelDigest, expected != digests.stored else {
      return
    }
    throw .foreignRecord(
      set: set,
      problem:
        "it is of images with the digest \(expected), and those that are there have \(digests.stored); it may be of "
        + "an .npz or .npy file of the same name, which share their record"
    )
  }

  /// The seeds of the samples; none where nobody said.
  var seeds: [String] { values("seed") }

  /// How pixels became bytes.
  var rounding: String { values("rounding").first ?? "bytes, as the files have them" }

  /// The digest of the images' classes in their order; nil where nobody said it.
  var imageOrder: String? { values("labels_digest").first }

  private func values(_ name: String) -> [String] {
    all.filter { $0.name == name }.map(\.value)
  }
}
