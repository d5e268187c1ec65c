/// The element type in which the ranks tell each other finished sums.
///
/// Partial sums always travel in float32. They must: which partial sums cross from rank to rank
/// depends on the number of ranks, so rounding them would give every number of ranks bits of its
/// own. The finished sum is the same everywhere; it is rounded once, by the rank that finished it
/// or by a rank that is alone, and then travels in half the bytes. Of all the traffic, half of
/// which is partial and half finished sums, bfloat16 saves a quarter.
public enum WireFormat: String, Sendable, CaseIterable {
  /// As they are.
  case float32
  /// Rounded to bfloat16, the nearest one, ties to even; on arrival they are float32 again.
  case bfloat16
}
