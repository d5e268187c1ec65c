import Optimizers
import Testing

@Suite struct LearningRateScheduleTests {
  @Test func cosineEqualsTheGoldenRates() throws {
    // `out.rates` of the golden training steps, made with PyTorch: base 1e-3, end 1e-4, warm-up 2,
    // 5 steps, in float32.
    let golden: [Float] = [0, 0.0005, 0.001, 0.000775, 0.000325]
    let schedule = try LearningRateSchedule(
      kind: .cosine, base: 1e-3, end: 1e-4, warmupStepCount: 2, stepCount: 5)
    for (step, rate) in golden.enumerated() {
      #expect(abs(schedule.rate(at: step) - Double(rate)) < 1e-10)
    }
  }

  @Test func cosineStartsAtTheBaseWithoutWarmupAndStaysAtTheEnd() {
    let schedule = LearningRateSchedule.cosine(
      base: 2, end: 1, warmupStepCount: 0, stepCount: 4)
    #expect(schedule.rate(at: 0) == 2)
    #expect(abs(schedule.rate(at: 2) - 1.5) < 1e-12)
    #expect(schedule.rate(at: 4) == 1)
    #expect(schedule.rate(at: 1000) == 1)
  }

  @Test func constantWarmsUpLinearly() {
    let schedule = LearningRateSchedule.constant(base: 4, warmupStepCount: 4)
    #expect([0, 1, 2, 3, 4, 1_000_000].map { schedule.rate(at: $0) } == [0, 1, 2, 3, 4, 4])
    #expect(LearningRateSchedule.constant(base: 4, warmupStepCount: 0).rate(at: 0) == 4)
  }

  @Test func warmupStableDecayHasThreeParts() {
    // 100 steps: warm-up 10 from a hundredth, the base up to step 80, a decay of 20 steps.
    let schedule = LearningRateSchedule.warmupStableDecay(
      base: 1, end: 0, warmupStepCount: 10, stepCount: 100)
    let expected: [Int: Double] = [
      0: 0.01, 5: 0.505, 10: 1, 50: 1, 80: 1, 85: 0.5, 99: 1 - 0.95.squareRoot(), 100: 0, 200: 0,
    ]
    for (step, rate) in expected {
      #expect(abs(schedule.rate(at: step) - rate) < 1e-12, "step \(step)")
    }
  }

  @Test func aRunInsideItsWarmupIsAllWarmup() {
    let schedule = LearningRateSchedule.cosine(
      base: 1, end: 0, warmupStepCount: 10, stepCount: 5)
    #expect((0..<5).map { schedule.rate(at: $0) } == [0, 0.1, 0.2, 0.3, 0.4])
  }

  @Test func everyKindIsMadeByItsName() throws {
    let kinds = ["constant", "cosine", "wsd"].map { LearningRateSchedule.Kind(rawValue: $0) }
    #expect(kinds == [.constant, .cosine, .warmupStableDecay])
    let schedule = try LearningRateSchedule(
      kind: .warmupStableDecay, base: 1, end: 0.5, warmupStepCount: 1, stepCount: 10)
    #expect(
      schedule == .warmupStableDecay(base: 1, end: 0.5, warmupStepCount: 1, stepCount: 10))
  }

  @Test func impossibleValuesAreRefused() {
    typealias Invalid = LearningRateSchedule.Invalid
    func make(_ base: Double, _ end: Double, _ warmup: Int, _ count: Int) throws {
      _ = try LearningRateSchedule(
        kind: .cosine, base: base, end: end, warmupStepCount: warmup, stepCount: count)
    }
    #expect(throws: Invalid.rate(name: "base", value: -1)) { try make(-1, 0, 0, 1) }
    #expect(throws: Invalid.rate(name: "end", value: .infinity)) { try make(1, .infinity, 0, 1) }
    #expect(throws: Invalid.self) { try make(.nan, 0, 0, 1) }
    #expect(throws: Invalid.stepCount(name: "warm-up steps", value: -2)) { try make(1, 0, -2, 1) }
    #expect(throws: Invalid.stepCount(name: "steps", value: 0)) { try make(1, 0, 0, 0) }
  }

  @Test func aNegativeStepIsAMistakeOfTheProgram() async {
    await #expect(processExitsWith: .failure) {
      _ = LearningRateSchedule.constant(base: 1, warmupStepCount: 0).rate(at: -1)
    }
  }
}
