import ArrayFiles
public import HierarchicalGenerator

/// One setting of guidance that a search measures.
public struct GuidancePoint: Sendable, Equatable {
  /// The strength of guidance over the steps.
  public var guidance: Guidance
  /// How tokens are chosen.
  public var choice: TokenChoice

  /// A setting.
  public init(guidance: Guidance, choice: TokenChoice) {
    (self.guidance, self.choice) = (guidance, choice)
  }

  /// All settings that can be made of some strengths, schedules and choices.
  ///
  /// - Returns: Strength by strength for each choice and schedule.
  public static func grid(
    strengths: [Double], schedules: [GuidanceSchedule], progress: GuidanceProgress,
    choices: [TokenChoice]
  ) -> [GuidancePoint] {
    choices.flatMap { choice in
      schedules.flatMap { schedule in
        strengths.map { strength in
          GuidancePoint(
            guidance: Guidance(strength: strength, schedule: schedule, progress: progress),
            choice: choice)
        }
      }
    }
  }
}

/// A row of a search: a setting, what it was measured with, and its figures.
public struct GuidanceRow: Codable, Sendable, Equatable {
  /// Everything that makes rows comparable or not, by name: settings, seeds, counts, weights, reference, networks.
  public var facts: [String: String]
  /// The figures, of all seeds.
  public var figures: [Figure]

  /// A row.
  package init(facts: [String: String], figures: [Figure]) {
    (self.facts, self.figures) = (facts, figures)
  }

  /// The mean of a figure over the seeds; nil where the reference does not give it.
  public func mean(_ name: String) -> Double? { figures.first { $0.name == name }?.mean }
}
