import Layers
import Testing

@Suite struct LevelStructureTests {
  @Test func aHundredAndTwentyEightTokensFormEightLevels() {
    let levels = LevelStructure(count: 128)
    #expect(levels.sizes == [1, 1, 2, 4, 8, 16, 32, 64])
    #expect(levels.prefixLengths == [1, 2, 4, 8, 16, 32, 64, 128])
    #expect(
      levels.grids.map { [$0.rows, $0.columns] } == [
        [1, 1], [1, 1], [1, 2], [2, 2], [2, 4], [4, 4], [4, 8], [8, 8],
      ])
  }

  /// Every level has as many tokens as all before it, its range follows theirs, its grid holds it.
  @Test(arguments: LevelStructure.allowedCounts)
  func levelsPartitionTheTokens(count: Int) {
    let levels = LevelStructure(count: count)
    #expect(levels.ranges.flatMap { Array($0) } == Array(0..<count))
    for (level, range) in levels.ranges.enumerated() {
      #expect(range.count == levels.sizes[level])
      #expect(range.upperBound == levels.prefixLengths[level])
      if level > 0 { #expect(levels.sizes[level] == range.lowerBound) }
      let grid = levels.grids[level]
      #expect(grid.rows * grid.columns == range.count)
      #expect(grid.columns == grid.rows || grid.columns == 2 * grid.rows)
    }
  }

  @Test(arguments: [0, 3, 512])
  func onlyPowersOfTwoHaveAStructure(count: Int) {
    #expect(!LevelStructure.allowedCounts.contains(count))
  }

  @Test func aCountWithoutAStructureStopsTheProgram() async {
    await #expect(processExitsWith: .failure) { _ = LevelStructure(count: 12) }
  }
}

@Suite struct BlockCausalMaskTests {
  /// The naive definition: token i sees token j when j's group is not later than i's.
  @Test(arguments: [[1], [1, 1, 1], [3, 1, 2], LevelStructure(count: 32).sizes, [7, 0, 2]])
  func aTokenSeesItsGroupAndEarlierOnes(groupSizes: [Int]) {
    let groups = groupSizes.enumerated().flatMap { index, size in
      [Int](repeating: index, count: size)
    }
    let counts = BlockCausalMask(groupSizes: groupSizes).visibleKeyCounts
    #expect(counts.count == groups.count)
    for i in groups.indices {
      for j in groups.indices {
        #expect((j < counts[i]) == (groups[j] <= groups[i]), "token \(i), key \(j)")
      }
    }
  }

  /// Groups of one token are the causal mask.
  @Test func singleTokensSeeWhatCameBefore() {
    let mask = BlockCausalMask(groupSizes: [Int](repeating: 1, count: 9))
    #expect(mask.visibleKeyCounts == Array(1...9))
  }
}
