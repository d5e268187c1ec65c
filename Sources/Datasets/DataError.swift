import ArrayFiles

/// Data that are missing, damaged, or not what was asked for; ends a run with exit code 65.
///
/// The message names the file, the dataset inside it, the sample and its key, as far as they are
/// known, then what was expected and found, then what to do.
public struct DataError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Path of the file or folder.
  public let file: String
  /// Dataset or attribute inside an HDF5 file.
  public let dataset: String?
  /// Position of the sample in its file.
  public let index: Int?
  /// The sample's key.
  public let key: String?
  /// What is wrong, with the values expected and found.
  public let problem: String
  /// What to do.
  public let advice: String
  /// Whether the system or a library could not read, so that another attempt may succeed; false for a
  /// content that is wrong.
  let mayPass: Bool

  /// Makes an error.
  ///
  /// - Parameters:
  ///   - file: Path of the file or folder.
  ///   - dataset: Dataset or attribute inside an HDF5 file.
  ///   - index: Position of the sample in its file.
  ///   - key: The sample's key.
  ///   - problem: What is wrong, with the values expected and found.
  ///   - advice: What to do.
  public init(
    file: String, dataset: String? = nil, index: Int? = nil, key: String? = nil, problem: String,
    advice: String
  ) {
    self.init(
      file: file, dataset: dataset, index: index, key: key, problem: problem, advice: advice,
      mayPass: false)
  }

  private init(
    file: String, dataset: String?, index: Int?, key: String?, problem: String, advice: String,
    mayPass: Bool
  ) {
    self.file = file
    self.dataset = dataset
    self.index = index
    self.key = key
    self.problem = problem
    self.advice = advice
    self.mayPass = mayPass
  }

  /// Where, what is wrong, and what to do.
  public var description: String {
    var place = VisibleText.name(file)
    if let dataset { place += ", dataset '\(VisibleText.name(dataset))'" }
    if let index { place += ", sample \(index)" }
    if let key { place += ", key '\(VisibleText.name(key))'" }
    return "\(place): \(problem). \(advice)"
  }

  /// Runs `body` and turns what the layers below throw into an error with this place.
  static func locating<Result>(
    file: String, dataset: String? = nil, index: Int? = nil, key: String? = nil,
    _ body: () throws -> Result
  ) throws(DataError) -> Result {
    do {
      return try body()
    } catch let error as DataError {
      throw error
    } catch {
      let problem =
        switch error {
        case let error as HDF5Error: error.problem
        case let error as SizeError: error.problem
        case let error as ContentMismatch: error.problem
        default: "\(error)"
        }
      throw DataError(
        file: file, dataset: dataset, index: index, key: key,
        problem: problem.hasSuffix(".") ? String(problem.dropLast()) : problem,
        advice: restoreAdvice, mayPass: error is FileError || error is HDF5Error)
    }
  }
}

/// What to do about a file of a data set that is not as it was written.
let restoreAdvice = "Restore it from a copy or write the data set anew."
