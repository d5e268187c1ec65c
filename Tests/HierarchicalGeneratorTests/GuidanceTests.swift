import HierarchicalGenerator
import Testing

@Suite struct GuidanceTests {
  /// Tokens of each of the 9 steps of 128 tokens with 4 single ones.
  static let published = [1, 1, 1, 1, 4, 8, 16, 32, 64]

  private static let sine = 0.5.squareRoot()
  private static let third = 1.0 / 3

  /// Schedules, with their scales for strength 3 at the ratios 0, 1/4, 1/2, 3/4, 1.
  private static let scales: [(GuidanceSchedule, [Double])] = [
    (.constant, [3, 3, 3, 3, 3]),
    (.linear, [1, 1.5, 2, 2.5, 3]),
    (.linearReversed, [3, 2.5, 2, 1.5, 1]),
    (.cosine, [1, 2 - sine, 2, 2 + sine, 3]),
    (.cosineReversed, [3, 2 + sine, 2, 2 - sine, 1]),
    (.linearConstant(peak: 0.5), [1, 2, 3, 3, 3]),
    (.linearConstant(peak: 0), [3, 3, 3, 3, 3]),
    (.triangular(peak: 0.5), [1, 2, 3, 2, 1]),
    (.triangular(peak: 0.25), [1, 3, third * 7, third * 5, 1]),
    (.triangular(peak: 1), [1, 1.5, 2, 2.5, 3]),
    (.triangular(peak: 0), [3, 2.5, 2, 1.5, 1]),
    (.rectangular(start: 0.25, end: 0.5, floor: 1), [1, 3, 3, 1, 1]),
    (.rectangular(start: 0.25, end: 0.5, floor: 0.5), [0.5, 3, 3, 0.5, 0.5]),
    (.step(start: 0.25, floor: 1), [1, 3, 3, 3, 3]),
    (.step(start: 0.75, floor: 2), [2, 2, 2, 3, 3]),
  ]

  @Test(arguments: scales)
  func scalesHaveClosedValues(schedule: GuidanceSchedule, expected: [Double]) {
    for (index, value) in expected.enumerated() {
      let scale = schedule.scale(strength: 3, at: Double(index) / 4)
      #expect(abs(scale - value) < 1e-12, "\(schedule) at \(index)/4")
    }
  }

  @Test func progressOfThePublishedSteps() {
    let levels = [4, 8, 16, 32, 64].map { Double($0) / 127 }
    func ratios(_ progress: GuidanceProgress) -> [Double] {
      progress.ratios(tokenCounts: Self.published, singleTokenCount: 4)
    }
    #expect(ratios(.tokens) == [0, 1 / 127, 2 / 127, 3 / 127] + levels)
    #expect(ratios(.steps) == (0...8).map { Double($0) / 8 })
    #expect(ratios(.published) == [0, 1 / 127, 2 / 3, 1] + levels)
  }

  @Test func thePublishedSettingGuidesTwoEarlyStepsAndTheLastTwo() {
    // Step schedule from 0.25, published progress: steps 2 and 3 by the slip, then 32/127, 64/127.
    let schedule = GuidanceSchedule.step(start: 0.25, floor: 1)
    let scales = GuidanceProgress.published
      .ratios(tokenCounts: Self.published, singleTokenCount: 4)
      .map { schedule.scale(strength: 3.75, at: $0) }
    #expect(scales == [1, 1, 3.75, 3.75, 1, 1, 1, 3.75, 3.75])
  }

  @Test func theSequentialOrderHasOneProgress() {
    let counts = [Int](repeating: 1, count: 5)
    for progress in GuidanceProgress.allCases {
      #expect(
        progress.ratios(tokenCounts: counts, singleTokenCount: 5) == [0, 0.25, 0.5, 0.75, 1])
    }
  }

  @Test(arguments: GuidanceProgress.allCases)
  func progressStaysInRangeForFewTokens(progress: GuidanceProgress) {
    for (counts, single) in [
      ([1], 1), ([1, 1], 1), ([1, 1], 2), ([1, 1, 2], 1), ([1, 1, 1], 3),
    ] {
      let ratios = progress.ratios(tokenCounts: counts, singleTokenCount: single)
      #expect(ratios.allSatisfy { (0...1).contains($0) })
      #expect(ratios.first == 0)
    }
  }

  @Test func namesAndOptionsAreParsed() throws {
    #expect(GuidanceSchedule.Kind.allCases.count == 9)
    for kind in GuidanceSchedule.Kind.allCases {
      _ = try GuidanceSchedule(name: kind.rawValue)
    }
    #expect(try GuidanceSchedule(name: "step", start: 0.25) == .step(start: 0.25, floor: 1))
    #expect(
      try GuidanceSchedule(name: "rectangular", end: 0.5, floor: 0)
        == .rectangular(start: 0, end: 0.5, floor: 0))
    #expect(try GuidanceSchedule(name: "triangular") == .triangular(peak: 0.5))
    #expect(GuidanceProgress(rawValue: "published") == .published)
  }

  @Test func impossibleOptionsAreRefused() {
    typealias Invalid = GuidanceSchedule.Invalid
    #expect(throws: Invalid.unknownKind("sigmoid")) { try GuidanceSchedule(name: "sigmoid") }
    #expect(throws: Invalid.unusedOption("start", kind: .linear)) {
      try GuidanceSchedule(name: "linear", start: 0.5)
    }
    #expect(throws: Invalid.self) { try GuidanceSchedule(name: "step", start: 1.5) }
    #expect(throws: Invalid.self) { try GuidanceSchedule(name: "step", floor: .infinity) }
    #expect(throws: Invalid.self) {
      try GuidanceSchedule(name: "rectangular", start: 0.5, end: 0.25)
    }
  }

  @Test func aRatioOutOfRangeIsAMistakeOfTheProgram() async {
    await #expect(processExitsWith: .failure) {
      _ = GuidanceSchedule.linear.scale(strength: 2, at: 1.5)
    }
    await #expect(processExitsWith: .failure) {
      _ = GuidanceProgress.tokens.ratios(tokenCounts: [1, 2], singleTokenCount: 2)
    }
  }
}
