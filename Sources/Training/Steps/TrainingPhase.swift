package import Autodiff
package import DataParallel
package import MessagePassing
import Tensors

/// One lane of one step: the unit of work, and what its random numbers are keyed by.
package struct LanePlace: Sendable, Equatable {
  /// The step, from 0.
  package let step: Int
  /// The lane of the step.
  package let lane: Int

  /// Names a lane.
  package init(step: Int, lane: Int) {
    self.step = step
    self.lane = lane
  }
}

/// What a lane's forward pass gives.
package struct LaneResult {
  /// The lane's share of the loss, one number on the tape.
  package let loss: Variable
  /// The lane's shares of further figures, the same names on every lane.
  package var metrics: [Metric]
  /// Samples of the lane.
  package let sampleCount: Int
  /// The tokens that the model gave to the samples, one sample after the other, if it gives any; the same
  /// number on every lane.
  package let tokens: [UInt16]

  /// Gathers the result.
  package init(
    loss: Variable, metrics: [Metric], sampleCount: Int, tokens: [UInt16] = []
  ) {
    self.loss = loss
    self.metrics = metrics
    self.sampleCount = sampleCount
    self.tokens = tokens
  }
}

/// The part of a step that trains one network: all lanes run, their gradients are summed, the ranks
/// agree, the optimizer steps.
///
/// A phase whose network has not begun costs nothing. What a lane computes in one phase may be used in
/// the next, by way of `Lane`: a discriminator reads the reconstructions from before the update.
package struct TrainingPhase<Lane> {
  /// The network that is trained.
  package let network: Network
  /// Advances the buffers that this phase's lanes read, of whatever network; called once a step, before
  /// the lanes, on every rank alike.
  ///
  /// Throws where a file that a network begins with is not what it was.
  package let begin: (_ step: Int) throws -> Void
  /// Runs a lane forward, and may leave in it what later phases need.
  ///
  /// All networks but this phase's are constants on the tape.
  package let run: (_ lane: inout Lane, _ place: LanePlace, _ tape: Tape) throws -> LaneResult
  /// Takes what the ranks agreed on into the network's buffers; called once a step, after the update,
  /// on every rank alike, with the ranks for what else it takes.
  ///
  /// Throws where that exchange fails.
  package let end: (_ agreement: StepAgreement, _ ranks: Communicator) throws -> Void

  /// Makes a phase; without `begin` and `end` it has no buffers that advance.
  package init(
    training network: Network, begin: @escaping (_ step: Int) throws -> Void = { _ in },
    end: @escaping (_ agreement: StepAgreement, _ ranks: Communicator) throws -> Void = {
      _, _ in
    },
    run: @escaping (_ lane: inout Lane, _ place: LanePlace, _ tape: Tape) throws -> LaneResult
  ) {
    self.network = network
    self.begin = begin
    self.run = run
    self.end = end
  }
}
