/// A file of arrays or weights whose content is not what its format says, or not what was asked.
public struct ArrayFileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The path of the file, or another name for where the bytes came from.
  public let file: String
  /// The array in the file, where one is concerned.
  public let array: String?
  /// What is wrong, with the values found and expected.
  public let problem: String
  /// What to do.
  public let advice: String

  /// The problem with `array` in `file`.
  public init(file: String, array: String? = nil, problem: String, advice: String) {
    self.file = file
    self.array = array
    self.problem = problem
    self.advice = advice
  }

  /// Where, what is wrong, and what to do.
  public var description: String {
    let array = array.map { "array '\(VisibleText.name($0))' in " } ?? ""
    return "\(array)'\(VisibleText.name(file))': \(problem). \(advice)"
  }
}

/// What to do about a file that contradicts its format.
let damagedFileAdvice = "The file is damaged or cut off: copy or write it anew."
