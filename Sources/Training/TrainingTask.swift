import Autodiff
import DataParallel
import ImageFiles
import Tensors

/// What a lane's forward pass gives.
struct LaneResult {
  /// The lane's share of the loss, one number on the tape.
  let loss: Variable
  /// The lane's numbers for the step consensus, in the order of `metricNames`.
  let metrics: [Double]
  /// Samples of the lane.
  let sampleCount: Int
}

/// What the training loop must know of a model: how a lane runs and what evaluation means.
///
/// The loop, and nothing else, knows of steps, ranks, sums, checkpoints and logs.
protocol TrainingTask: AnyObject {
  /// All parameters of the model.
  var arena: ParameterArena { get }
  /// Names of a lane's metrics; each is a share of a global mean.
  var metricNames: [String] { get }
  /// Floating-point operations of a sample's step, forward and backward.
  var stepOperationCount: Int { get }
  /// Reads a lane's samples; used on rank 0 only.
  var reader: SampleTransport.Reader { get }

  /// Runs a lane forward.
  ///
  /// - Parameters:
  ///   - message: What `reader` gave for the lane.
  ///   - step: The step, which random numbers are keyed by.
  ///   - lane: The lane, likewise.
  ///   - tape: Where the operations are recorded.
  /// - Returns: The lane's loss and metrics.
  /// - Throws: `DataError` naming a sample that cannot be used.
  func run(_ message: [UInt8], step: Int, lane: Int, on tape: Tape) throws -> LaneResult

  /// Scores the model's present values on held-out data; nothing without such data.
  ///
  /// Collective: every rank.
  func evaluate(_ session: TrainingSession) throws -> [EvaluationScore]

  /// A picture of what the model's present values do, and its name; nil when there is none.
  ///
  /// Rank 0 only.
  func picture() throws -> (image: RGBImage, name: String)?
}

/// One figure of an evaluation.
struct EvaluationScore: Equatable {
  /// Its name in `metrics.jsonl`.
  let name: String
  /// Its value.
  let value: Double
}
