import Datasets
import Testing

@Suite struct EpochPlanTests {
  private func plan(
    _ sampleCount: Int, lanes: Int = 2, perLane: Int = 3, seed: UInt64 = 0, block: Int = 4,
    window: Int = 3
  ) -> EpochPlan {
    EpochPlan(
      sampleCount: sampleCount, laneCount: lanes, samplesPerLane: perLane, seed: seed,
      blockSampleCount: block, windowBlockCount: window)
  }

  @Test func everyEpochVisitsEverySampleOnce() {
    for sampleCount in Array(1...60) + [97, 128, 1000, 1600] {
      for (block, window) in [(1, 1), (1, 5), (4, 1), (4, 3), (32, 32), (7, 100)] {
        let plan = plan(sampleCount, block: block, window: window)
        for epoch in [0, 1, 5] {
          let order = (0..<sampleCount).map { plan.sampleIndex(epoch: epoch, position: $0) }
          #expect(
            order.sorted() == Array(0..<sampleCount),
            "\(sampleCount) samples, blocks of \(block), windows of \(window), epoch \(epoch)")
        }
      }
    }
  }

  @Test func theTailIsCarriedIntoTheNextEpoch() {
    let plan = plan(10)
    var visits: [Int: [Int]] = [:]
    for step in 0..<5 {
      for lane in 0..<2 {
        for slot in 0..<3 {
          let place = plan.place(step: step, lane: lane, slot: slot)
          #expect(place.ordinal == step * 6 + lane * 3 + slot)
          visits[place.epoch, default: []].append(place.sampleIndex)
        }
      }
    }
    // 5 steps of 6 are 3 epochs of 10.
    #expect(visits.keys.sorted() == [0, 1, 2])
    for samples in visits.values { #expect(samples.sorted() == Array(0..<10)) }
  }

  @Test func lanesOnlyCutTheSameSequence() {
    let sequences = [(1, 12), (2, 6), (4, 3), (12, 1)].map { lanes, perLane in
      let plan = plan(50, lanes: lanes, perLane: perLane)
      return (0..<6).flatMap { step in
        (0..<lanes).flatMap { lane in
          (0..<perLane).map { plan.place(step: step, lane: lane, slot: $0) }
        }
      }
    }
    for sequence in sequences { #expect(sequence == sequences[0]) }
  }

  @Test func epochsAndSeedsDiffer() {
    func order(seed: UInt64, epoch: Int) -> [Int] {
      (0..<40).map { plan(40, seed: seed).sampleIndex(epoch: epoch, position: $0) }
    }
    let orders = (0..<8).flatMap { seed in
      (0..<8).map { order(seed: UInt64(seed), epoch: $0) }
    }
    #expect(Set(orders).count == 64)
  }

  @Test func aWindowNeedsFewBlocks() {
    // 10 full blocks of 4 and a tail of 3, windows of 3 blocks.
    let plan = plan(43)
    for epoch in 0..<20 {
      for start in stride(from: 0, to: 43, by: 12) {
        let blocks = Set(
          (start..<min(start + 12, 43)).map { plan.sampleIndex(epoch: epoch, position: $0) / 4 })
        #expect(blocks.count <= 4)
      }
    }
  }

  @Test func samplesOfABlockAreSpreadOverItsWindow() {
    let plan = EpochPlan(sampleCount: 4096, laneCount: 1, samplesPerLane: 1, seed: 0)
    let firstBatch = (0..<64).map { plan.sampleIndex(epoch: 0, position: $0) / 32 }
    #expect(Set(firstBatch).count > 20)
  }

  @Test func aPlaceTakesConstantTimeAndMemory() {
    let plan = EpochPlan(
      sampleCount: 1_000_000_000_003, laneCount: 8, samplesPerLane: 32, seed: 1)
    var indices: Set<Int> = []
    for step in stride(from: 0, to: 1_000_000_000, by: 10_000_019) {
      indices.insert(plan.place(step: step, lane: 7, slot: 31).sampleIndex)
    }
    #expect(indices.count == 100)
  }

  @Test func theOrderNeverChanges() {
    // A change here is a change of every run: checkpoints could not be continued.
    let plan = plan(20, seed: 10086)
    #expect(
      (0..<20).map { plan.sampleIndex(epoch: 1, position: $0) } == [
        2, 12, 14, 1, 0, 3, 13, 9, 10, 15, 8, 11, 18, 6, 5, 19, 7, 17, 16, 4,
      ])
  }

  @Test func replacementsStayInTheDataset() {
    let plan = plan(5)
    #expect((1...4).map { plan.replacement(for: 3, attempt: $0) } == [4, 0, 1, 2])
  }

  @Test func evaluationGoesInOrderAndPads() {
    let plan = EvaluationPlan(sampleCount: 10, laneCount: 2, samplesPerLane: 2)
    #expect(plan.stepCount == 3)
    let indices = (0..<3).flatMap { step in
      (0..<2).flatMap { lane in
        (0..<2).map { plan.sampleIndex(step: step, lane: lane, slot: $0) }
      }
    }
    #expect(indices == (0..<10).map(Optional.init) + [nil, nil])
    #expect(EvaluationPlan(sampleCount: 0, laneCount: 2, samplesPerLane: 2).stepCount == 0)
  }

  @Test func aLaneThatDoesNotExistIsAProgrammersMistake() async {
    await #expect(processExitsWith: .failure) {
      _ = EpochPlan(sampleCount: 4, laneCount: 2, samplesPerLane: 1, seed: 0)
        .place(step: 0, lane: 2, slot: 0)
    }
  }
}
