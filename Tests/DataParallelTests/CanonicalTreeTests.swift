import DataParallel
import Testing

struct CanonicalTreeTests {
  /// The tree over some leaves, written with its parentheses.
  private func shape(_ leaves: Range<Int>) -> String {
    CanonicalTree.fold(leafCount: leaves.count) {
      "\(leaves.lowerBound + $0)"
    } join: {
      "(\($0) \($1))"
    }
  }

  @Test func halvesWithTheLargerHalfOnTheLeft() {
    #expect(shape(0..<1) == "0")
    #expect(shape(0..<2) == "(0 1)")
    #expect(shape(0..<3) == "((0 1) 2)")
    #expect(shape(0..<5) == "(((0 1) 2) (3 4))")
    #expect(shape(0..<6) == "(((0 1) 2) ((3 4) 5))")
    #expect(shape(0..<7) == "(((0 1) (2 3)) ((4 5) 6))")
  }

  @Test(arguments: 1...70)
  func joinsOfAStackBuildTheTree(leafCount: Int) {
    var stack: [String] = []
    for leaf in 0..<leafCount {
      stack.append("\(leaf)")
      for _ in 0..<CanonicalTree.joinCount(afterLeaf: leaf, of: leafCount) {
        let right = stack.removeLast()
        stack.append("(\(stack.removeLast()) \(right))")
      }
    }
    #expect(stack == [shape(0..<leafCount)])
  }

  @Test(arguments: [1, 2, 3, 5, 6, 7, 12], [1, 2, 4, 8, 16])
  func powerOfTwoBlocksAreWholeSubtrees(blockSize: Int, blockCount: Int) {
    let blocks = (0..<blockCount).map { shape($0 * blockSize..<($0 + 1) * blockSize) }
    let joined = CanonicalTree.fold(leafCount: blockCount) {
      blocks[$0]
    } join: {
      "(\($0) \($1))"
    }
    #expect(joined == shape(0..<blockCount * blockSize))
  }

  @Test func powersOfTwoAreTheCountsOfWholeSubtrees() {
    #expect((1...17).filter(CanonicalTree.hasWholeSubtrees) == [1, 2, 4, 8, 16])
  }

  @Test func threeBlocksAreNot() {
    let blocks = (0..<3).map { shape($0 * 2..<($0 + 1) * 2) }
    #expect("((\(blocks[0]) \(blocks[1])) \(blocks[2]))" != shape(0..<6))
  }

  @Test func leafOutsideTheTreeIsRefused() async {
    await #expect(processExitsWith: .failure) {
      _ = CanonicalTree.joinCount(afterLeaf: 3, of: 3)
    }
  }
}
