public import DataParallel
public import Kernels

extension TrainingSettings {
  /// How the work of a run is carried out: keys of the configuration that may all be left out.
  public struct Execution: Sendable, Equatable {
    /// Key `threads`: threads of a rank; nil (`automatic`, the default) for as many as the cores
    /// the rank is bound to.
    public var threadCount: Int?
    /// Key `prefetch`: steps whose samples are sent ahead; default 2.
    public var prefetchedStepCount: Int
    /// Key `reduction`: how gradients are summed over ranks; default `canonical`.
    public var reduction: ReductionMethod
    /// Key `wire`: the element type that gradients travel in; default `float32`;
    /// the fast reduction has no other.
    public var wire: WireFormat
    /// Key `bucket_bytes`: bytes of gradients that are exchanged together; default 4194304 (4 MiB).
    ///
    /// Larger buckets start later, smaller ones cost more messages.
    public var bucketByteCount: Int
    /// Key `recompute`: activations computed again in the backward pass instead of kept; default `none`.
    public var recomputation: Recomputation
    /// Key `convolutions`: how 3×3 convolutions are multiplied; default `accurate`.
    public var convolutions: ConvolutionArithmetic
    /// Key `deadlines`: how long a phase may take before the run ends itself.
    public var deadlines: Deadlines
    /// Key `digest_every`: steps from one comparison of the replicas to the next; 0 for none;
    /// default 50.
    public var digestInterval: Int
    /// Key `measure_rate`: whether every rank times products for a fifth of a second at the start,
    /// the rate that the log's model FLOPs utilisation is against; default true.
    public var measuresRate: Bool

    /// What holds for a configuration that names none of the keys.
    public static let standard = Execution(
      threadCount: nil, prefetchedStepCount: 2, reduction: .canonical, wire: .float32,
      bucketByteCount: 4 << 20, recomputation: .none, convolutions: .accurate,
      deadlines: .standard, digestInterval: 50, measuresRate: true)
  }

  /// Activations that are computed again in the backward pass instead of kept.
  public enum Recomputation: String, Sendable, CaseIterable {
    /// All are kept.
    case none
    /// Those within a transformer, generator or residual block: one more forward pass, the same bits.
    case blocks
  }

  /// Seconds that something may take before the run ends itself, naming what does not answer.
  public struct Deadlines: Sendable, Equatable {
    /// Key `start`: a wait for another rank before training begins, while weights are read and sent;
    /// default 600.
    public var start: Double
    /// Key `step`: a wait for another rank in training; default 900.
    public var step: Double
    /// Key `data`: waiting for the samples of a step; default 600.
    public var data: Double
    /// Key `save`: writing and verifying a checkpoint; default 1800.
    public var save: Double

    /// What holds for a configuration that names none of the keys.
    public static let standard = Deadlines(start: 600, step: 900, data: 600, save: 1800)
  }
}
