import Autodiff
import DataParallel
import Tensors

/// What a lane's forward pass gives.
struct LaneResult {
  /// The lane's share of the loss, one number on the tape.
  let loss: Variable
  /// The lane's numbers for the control reduction, in the order of `metricNames`.
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
  /// Reads a lane's samples; used on rank 0 only.
  var reader: SampleTransport.Reader { get }

  /// Runs a lane forward.
  ///
  /// - Parameters:
  ///   - message: What `reader` gave for the lane.
  ///   - step: The step, which random numbers are keyed by.
  ///   - lane: The lane, likewise.
  ///   - tape: Where the operations are recorded.
  func run(_ message: [UInt8], step: Int, lane: Int, on tape: Tape) throws -> LaneResult

  /// Scores the model's present values on held-out data; nil without such data.
  ///
  /// Collective: every rank.
  func evaluate(_ session: TrainingSession) throws -> [(name: String, value: Double)]?

  /// Writes pictures of the model's present values into `folder` and returns their paths.
  ///
  /// Rank 0 only; pictures are a convenience, so what they need may be missing.
  func writePictures(to folder: String, step: Int) throws -> [String]
}
