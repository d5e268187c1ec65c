import ArrayFiles

/// The tokens of images, one row an image, as `.npy` files hold them.
public struct TokenSequences: Sendable, Equatable {
  /// `[sequenceCount, tokenCount]`.
  public let tokens: [Int32]
  /// The number of rows.
  public let sequenceCount: Int
  /// Tokens of a row.
  public let tokenCount: Int

  /// Rows of tokens.
  ///
  /// - Precondition: `tokens` fills rows of `tokenCount`, which is at least 1.
  public init(_ tokens: [Int32], tokenCount: Int) {
    precondition(
      tokenCount >= 1 && tokens.count % tokenCount == 0,
      "TokenSequences: \(tokens.count) tokens do not fill rows of \(tokenCount)")
    self.tokens = tokens
    self.tokenCount = tokenCount
    sequenceCount = tokens.count / tokenCount
  }

  /// Reads a `.npy` file of int32 or int64, `N × L`, and checks every token.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - tokenCounts: The lengths of rows that the model takes.
  ///   - vocabularySize: The number of tokens that the model knows.
  /// - Throws: `FileError` when the file cannot be read; `ArrayFileError` for another shape or
  ///   element type, and for a token that the model does not know, with its row and column.
  public init(contentsOf path: String, tokenCounts: ClosedRange<Int>, vocabularySize: Int) throws {
    let array = try NumPyArray(contentsOf: path)
    guard [.int32, .int64].contains(array.elementType), array.shape.count == 2,
      array.shape[0] > 0, tokenCounts.contains(array.shape[1])
    else {
      let (least, most) = (tokenCounts.lowerBound, tokenCounts.upperBound)
      throw ArrayFileError(
        file: path,
        problem: "found \(array.elementType) of shape \(array.shape), expected int32 or int64 "
          + "[N, \(least == most ? "\(most)" : "\(least) to \(most)")] with N of at least 1",
        advice: "Take the codes of this model's tokenizer, one row an image.")
    }
    let values: [Int64] =
      array.elementType == .int64
      ? try array.elements() : try array.elements(as: Int32.self).map(Int64.init)
    let width = array.shape[1]
    if let index = values.firstIndex(where: { $0 < 0 || $0 >= vocabularySize }) {
      throw ArrayFileError(
        file: path,
        problem: "row \(index / width), column \(index % width) is \(values[index]), expected a "
          + "token from 0 to \(vocabularySize - 1)",
        advice: "Take the codes of this model's tokenizer.")
    }
    self.init(values.map { Int32($0) }, tokenCount: width)
  }

  /// The tokens of a row.
  public func row(_ index: Int) -> ArraySlice<Int32> {
    tokens[index * tokenCount..<(index + 1) * tokenCount]
  }
}
