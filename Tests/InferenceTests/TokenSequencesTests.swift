import ArrayFiles
import Inference
import TestSupport
import Testing

@Suite struct TokenSequencesTests {
  @Test func tokensComeBack() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/codes.npy"
      let sequences = TokenSequences([0, 1, 2, 3, 4, 5], tokenCount: 3)
      #expect(sequences.sequenceCount == 2 && Array(sequences.row(1)) == [3, 4, 5])
      try NumPyArray(sequences.tokens, shape: [2, 3]).write(to: path)
      #expect(try read(path) == sequences)
      try NumPyArray([Int64](0..<6), shape: [2, 3]).write(to: path)
      #expect(try read(path) == sequences)
    }
  }

  @Test(arguments: [8, -1, Int64.max])
  func anUnknownTokenIsNamed(token: Int64) throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/codes.npy"
      try NumPyArray([0, 1, 2, 3, token, 5], shape: [2, 3]).write(to: path)
      let error = #expect(throws: ArrayFileError.self) { try read(path) }
      let expected = "row 1, column 1 is \(token), expected a token from 0 to 7"
      #expect(error?.problem == expected)
    }
  }

  @Test func otherArraysAreRefused() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/codes.npy"
      let arrays = [
        NumPyArray([Float](repeating: 0, count: 6), shape: [2, 3]),
        NumPyArray([Int32](repeating: 0, count: 6), shape: [6]),
        NumPyArray([Int32](repeating: 0, count: 8), shape: [2, 4]),
        NumPyArray([Int32](), shape: [0, 3]),
      ]
      for array in arrays {
        try array.write(to: path)
        let error = #expect(throws: ArrayFileError.self) { try read(path) }
        #expect(error?.problem.contains("expected int32 or int64 [N, 2 to 3]") == true)
      }
    }
  }

  private func read(_ path: String) throws -> TokenSequences {
    try TokenSequences(contentsOf: path, tokenCounts: 2...3, vocabularySize: 8)
  }
}
