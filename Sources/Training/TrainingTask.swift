package import Autodiff
package import DataParallel
package import ImageFiles
package import Inference
package import Reporting

/// What the training loop must know of a model: how a lane runs and what evaluation means.
///
/// The loop, and nothing else, knows of steps, ranks, sums, checkpoints and logs.
package protocol TrainingTask: AnyObject {
  /// A lane's samples, and what one phase of a step leaves for the next.
  associatedtype Lane

  /// The phases of a step, in their order; the first one's network is what the run is named for.
  var phases: [TrainingPhase<Lane>] { get }
  /// Floating-point operations of a sample in a step, forward and backward, of all networks that run in it.
  func operationCount(inStep step: Int) -> Int
  /// Reads a lane's samples; used on rank 0 only.
  var reader: SampleTransport.Reader { get }

  /// Does ahead of the step, on any thread, the part of `lane(from:at:)` that needs no tensors: gives a message that
  /// has less left to do; nil where there is nothing to gain.
  var preparation: LaneQueue.Preparation? { get }

  /// Decodes a lane's samples.
  ///
  /// - Parameters:
  ///   - message: What `reader` gave for the lane, or `preparation` made of it.
  ///   - place: The lane, which random changes are keyed by.
  /// - Returns: The samples.
  /// - Throws: `DataError` naming a sample that cannot be used.
  func lane(from message: [UInt8], at place: LanePlace) throws -> Lane

  /// Reads what a new run begins with, after the weights were drawn; on rank 0 only, and not where `init`
  /// names all of them.
  ///
  /// - Parameter arena: The weights of the network that the run is named for.
  /// - Returns: What the log says about it; nothing where all drawn weights stay.
  /// - Throws: The errors of files, and of weights that do not fit.
  func readInitialWeights(into arena: ParameterArena) throws -> [String]

  /// What a run's log says at its start: which losses are on, with which files.
  var startNotes: [String] { get }

  /// Digests of the files of frozen networks, by the key that names them; alike on all ranks.
  var fileDigests: [String: String] { get }

  /// Digests of the files that scores look through, by the key that names them; alike on all ranks. Nothing that
  /// a run trains depends on them.
  var scoreFileDigests: [String: String] { get }

  /// Whether there are data to score the model on; on rank 0 only.
  var hasEvaluationData: Bool { get }

  /// Digests of the data, by the key that names them, so that another set under the same name is noticed;
  /// empty on all ranks but 0.
  var dataDigests: [String: String] { get }

  /// Scores the model's present values on held-out data; nothing without such data.
  ///
  /// Collective: every rank.
  ///
  /// - Returns: What was found, on rank 0.
  func evaluate(_ session: TrainingSession) throws -> Evaluation

  /// What the samples of the steps since the last call used of the codebook; nil without one.
  ///
  /// Rank 0 only.
  func takeCodebookWindow() -> CodebookWindow?

  /// A picture of what the model's present values do, and its name; nil when there is none.
  ///
  /// Rank 0 only.
  func picture() throws -> (image: RGBImage, name: String)?
}

/// What an evaluation found.
package struct Evaluation {
  /// The scores.
  package var scores: [Metric]
  /// What the tokens of the held-out data use of the codebook, where the model makes tokens.
  package var usage: TokenUsage?
  /// What the scores depend on: digests of data and of the files that they look through.
  package var facts: [(name: String, value: MetricValue)] = []
  /// The digest of the weights that were scored.
  package var weightsDigest: String?
  /// Scores that cannot be had, and what to bear in mind.
  package var remarks: [String] = []

  /// Nothing, where there is nothing to score.
  package static let nothing = Evaluation(scores: [])
}

extension TrainingTask {
  package func readInitialWeights(into arena: ParameterArena) throws -> [String] { [] }

  package var preparation: LaneQueue.Preparation? { nil }

  package func takeCodebookWindow() -> CodebookWindow? { nil }

  package var startNotes: [String] { [] }

  package var fileDigests: [String: String] { [:] }

  package var scoreFileDigests: [String: String] { [:] }

  /// All networks, in the order of their phases.
  package var networks: [Network] { phases.map(\.network) }

  /// The network that the run is named for, evaluated and shown.
  package var mainNetwork: Network { phases[0].network }
}
