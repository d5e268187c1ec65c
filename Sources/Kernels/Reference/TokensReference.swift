/// Plain loops of the operators that rearrange tokens, for tests; arrays are `[B, N, C]`, row-major.
package enum TokensReference {
  /// Rows `range` of each of `batchCount` sequences of `tokenCount` rows.
  package static func slice(
    _ x: [Double], batchCount: Int, tokenCount: Int, range: Range<Int>, channelCount: Int
  ) -> [Double] {
    var y: [Double] = []
    for b in 0..<batchCount {
      let begin = b * tokenCount + range.lowerBound
      y += x[begin * channelCount..<(begin + range.count) * channelCount]
    }
    return y
  }

  /// The sequences of all parts one after the other.
  package static func concatenate(
    _ parts: [[Double]], batchCount: Int, tokenCounts: [Int], channelCount: Int
  ) -> [Double] {
    var y: [Double] = []
    for b in 0..<batchCount {
      for (part, tokenCount) in zip(parts, tokenCounts) {
        let size = tokenCount * channelCount
        y += part[b * size..<(b + 1) * size]
      }
    }
    return y
  }

  /// x plus, on consecutive runs of tokens, one row each.
  package static func addEmbeddings(
    _ x: [Double], rows: [[Double]], runs: [Int], batchCount: Int, tokenCount: Int,
    channelCount: Int
  ) -> [Double] {
    let rowOfToken = runs.enumerated().flatMap { Array(repeating: $0.offset, count: $0.element) }
    var y = x
    for b in 0..<batchCount {
      for n in rowOfToken.indices {
        for c in 0..<channelCount {
          y[(b * tokenCount + n) * channelCount + c] += rows[rowOfToken[n]][c]
        }
      }
    }
    return y
  }

  /// x with the tokens from `keepCounts[b]` on replaced.
  package static func replaceTail(
    _ x: [Double], keepCounts: [Int], token: [Double], tokenCount: Int
  ) -> [Double] {
    var y = x
    for (b, keepCount) in keepCounts.enumerated() {
      for n in keepCount..<tokenCount {
        for c in token.indices { y[(b * tokenCount + n) * token.count + c] = token[c] }
      }
    }
    return y
  }

  /// [merged pairs, leading tokens (less the merged one), the rest].
  package static func merge(_ x: [Double], _ merge: TokenMerge) -> [Double] {
    let (tokenCount, channelCount) = (merge.tokenCount, merge.channelCount)
    var y: [Double] = []
    for b in 0..<merge.batchCount {
      let row = { (n: Int) in
        (0..<channelCount).map { c in x[(b * tokenCount + n) * channelCount + c] }
      }
      let merged = (0..<merge.leadingCount / 2).map { pair in
        merge.isAverage
          ? zip(row(2 * pair), row(2 * pair + 1)).map { ($0 + $1) / 2 } : row(2 * pair)
      }
      y += merged.joined()
      for n in 0..<merge.leadingCount {
        y += merge.isResidual ? zip(row(n), merged[n / 2]).map { $0 - $1 } : row(n)
      }
      for n in merge.leadingCount..<tokenCount { y += row(n) }
    }
    return y
  }

  /// y[b, c, n] = x[b, n, c].
  package static func transpose(
    _ x: [Double], batchCount: Int, tokenCount: Int, channelCount: Int
  ) -> [Double] {
    var y = [Double](repeating: 0, count: x.count)
    for b in 0..<batchCount {
      for n in 0..<tokenCount {
        for c in 0..<channelCount {
          y[(b * channelCount + c) * tokenCount + n] = x[(b * tokenCount + n) * channelCount + c]
        }
      }
    }
    return y
  }

  /// The rows of a table at `indices`.
  package static func gather(_ table: [Double], indices: [Int], channelCount: Int) -> [Double] {
    indices.flatMap { table[$0 * channelCount..<($0 + 1) * channelCount] }
  }
}
