import Foundation

/// How strong classifier-free guidance is while an image is sampled.
///
/// The scale multiplies the difference that the class makes:
/// `logits = null + scale * (conditional - null)`; 1 is no guidance, `S` the strength asked for.
/// With the ratio of progress `r` in [0, 1] (see `GuidanceProgress`):
///
///     constant          S
///     linear            1 + (S - 1) r                     linear-reversed   1 + (S - 1)(1 - r)
///     cosine            1 + (S - 1)(1 - cos pi r)/2       cosine-reversed   1 + (S - 1)(1 + cos pi r)/2
///     linear-constant   1 + (S - 1) min(r / peak, 1)
///     triangular        1 + (S - 1) r / peak up to the peak, then 1 + (S - 1)(1 - r)/(1 - peak)
///     rectangular       S where start <= r <= end, else floor
///     step              S where r >= start, else floor
///
/// Source: Docs/Method.md, section 6. The method gives `linear-constant` no formula; here it rises
/// like `triangular` and then stays, which is what its name says.
public enum GuidanceSchedule: Sendable, Equatable {
  /// The full strength at every step.
  case constant
  /// From none to the full strength.
  case linear
  /// From the full strength to none.
  case linearReversed
  /// From none to the full strength along half a cosine.
  case cosine
  /// From the full strength to none along half a cosine.
  case cosineReversed
  /// A linear rise up to `peak`, then the full strength.
  case linearConstant(peak: Double)
  /// A linear rise up to `peak`, then a linear fall.
  case triangular(peak: Double)
  /// The full strength inside a window, `floor` outside.
  case rectangular(start: Double, end: Double, floor: Double)
  /// `floor` before `start`, then the full strength.
  case step(start: Double, floor: Double)

  /// The kinds of schedule, by the names they have on the command line.
  public enum Kind: String, Sendable, CaseIterable {
    /// See `GuidanceSchedule.constant`.
    case constant
    /// See `GuidanceSchedule.linear`.
    case linear
    /// See `GuidanceSchedule.linearReversed`.
    case linearReversed = "linear-reversed"
    /// See `GuidanceSchedule.cosine`.
    case cosine
    /// See `GuidanceSchedule.cosineReversed`.
    case cosineReversed = "cosine-reversed"
    /// See `GuidanceSchedule.linearConstant(peak:)`.
    case linearConstant = "linear-constant"
    /// See `GuidanceSchedule.triangular(peak:)`.
    case triangular
    /// See `GuidanceSchedule.rectangular(start:end:floor:)`.
    case rectangular
    /// See `GuidanceSchedule.step(start:floor:)`.
    case step

    /// The options that a schedule of this kind has.
    public var options: Set<String> {
      switch self {
      case .step: ["start", "floor"]
      case .rectangular: ["start", "end", "floor"]
      case .triangular, .linearConstant: ["peak"]
      case .constant, .linear, .linearReversed, .cosine, .cosineReversed: []
      }
    }
  }

  /// An option that a schedule cannot have.
  public enum Invalid: Error, Equatable, CustomStringConvertible {
    /// There is no schedule of this name.
    case unknownKind(String)
    /// The schedule has no such option.
    case unusedOption(String, kind: Kind)
    /// The option is out of its range.
    case outOfRange(String, value: Double, expected: String)

    /// What is wrong and what is allowed.
    public var description: String {
      switch self {
      case .unknownKind(let name):
        "there is no guidance schedule \"\(name)\": expected one of "
          + Kind.allCases.map(\.rawValue).joined(separator: ", ")
      case .unusedOption(let option, let kind):
        "the guidance schedule \"\(kind.rawValue)\" has no \(option): leave it out"
      case .outOfRange(let option, let value, let expected):
        "the \(option) of the guidance schedule is \(value): expected \(expected)"
      }
    }
  }

  /// Creates a schedule by its name, as the command line gives it.
  ///
  /// - Parameters:
  ///   - name: The raw value of a `Kind`.
  ///   - start: Where guidance sets in, of `step` and `rectangular`; default 0.
  ///   - end: Where guidance ends, of `rectangular`; default 1.
  ///   - peak: Where guidance is strongest, of `triangular` and `linear-constant`; default 0.5.
  ///   - floor: The scale outside the window, of `step` and `rectangular`; default 1, no guidance.
  /// - Throws: `Invalid` for an unknown name, an option that the schedule has no use for, or one
  ///   that is out of range.
  public init(
    name: String, start: Double? = nil, end: Double? = nil, peak: Double? = nil,
    floor: Double? = nil
  ) throws(Invalid) {
    guard let kind = Kind(rawValue: name) else { throw .unknownKind(name) }
    let given = [("start", start), ("end", end), ("peak", peak), ("floor", floor)]
    for (option, value) in given {
      guard let value else { continue }
      guard kind.options.contains(option) else { throw .unusedOption(option, kind: kind) }
      guard option == "floor" ? value.isFinite : (0...1).contains(value) else {
        let expected = option == "floor" ? "a finite number" : "a number in [0, 1]"
        throw .outOfRange(option, value: value, expected: expected)
      }
    }
    if let start, let end, end < start {
      throw .outOfRange("end", value: end, expected: "at least the start, \(start)")
    }
    self =
      switch kind {
      case .constant: .constant
      case .linear: .linear
      case .linearReversed: .linearReversed
      case .cosine: .cosine
      case .cosineReversed: .cosineReversed
      case .linearConstant: .linearConstant(peak: peak ?? 0.5)
      case .triangular: .triangular(peak: peak ?? 0.5)
      case .rectangular: .rectangular(start: start ?? 0, end: end ?? 1, floor: floor ?? 1)
      case .step: .step(start: start ?? 0, floor: floor ?? 1)
      }
  }

  /// The scale to guide with.
  ///
  /// - Parameters:
  ///   - strength: The scale at full strength, `S`.
  ///   - ratio: The ratio of progress, `r`, in [0, 1].
  /// - Returns: The factor of the difference that the class makes.
  /// - Precondition: `ratio` lies in [0, 1].
  public func scale(strength: Double, at ratio: Double) -> Double {
    precondition(
      (0...1).contains(ratio), "GuidanceSchedule.scale: ratio is \(ratio), expected 0 to 1")
    func blend(_ share: Double) -> Double { 1 + (strength - 1) * share }
    switch self {
    case .constant: return strength
    case .linear: return blend(ratio)
    case .linearReversed: return blend(1 - ratio)
    case .cosine: return blend((1 - cos(.pi * ratio)) / 2)
    case .cosineReversed: return blend((1 + cos(.pi * ratio)) / 2)
    case .linearConstant(let peak):
      return blend(ratio < peak ? ratio / peak : 1)
    case .triangular(let peak):
      if ratio < peak { return blend(ratio / peak) }
      return blend(peak < 1 ? (1 - ratio) / (1 - peak) : 1)
    case .rectangular(let start, let end, let floor):
      return start <= ratio && ratio <= end ? strength : floor
    case .step(let start, let floor):
      return ratio >= start ? strength : floor
    }
  }
}
