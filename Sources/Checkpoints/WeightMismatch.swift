/// The tensors of a file or checkpoint are not those of the model.
///
/// Everything that is wrong is listed, so that one look tells whether the file is of another model
/// or of another size of it.
public struct WeightMismatch: Error, Sendable, Hashable, CustomStringConvertible {
  /// A tensor of another shape than the model's.
  public struct Shape: Sendable, Hashable {
    /// The name.
    public let name: String
    /// The model's shape.
    public let expected: [Int]
    /// The shape in the file.
    public let found: [Int]

    package init(name: String, expected: [Int], found: [Int]) {
      self.name = name
      self.expected = expected
      self.found = found
    }
  }

  /// A tensor whose elements are no floating-point numbers that the model can take.
  public struct ElementType: Sendable, Hashable {
    /// The name.
    public let name: String
    /// The type in the file.
    public let found: String

    package init(name: String, found: String) {
      self.name = name
      self.found = found
    }
  }

  /// What kind of thing has the tensors.
  public enum Source: Sendable, Hashable {
    /// A file that came from outside: input like any other.
    case weightFile
    /// A checkpoint of a run.
    case checkpoint
  }

  /// What has the tensors.
  public let source: Source
  /// The file, or the checkpoint's directory.
  public let path: String
  /// What the model has and the file has not.
  public internal(set) var missing: [String] = []
  /// What the file has and the model has not.
  public internal(set) var extra: [String] = []
  /// Tensors of another shape.
  public internal(set) var shapes: [Shape] = []
  /// Tensors of an element type that cannot be read.
  public internal(set) var elementTypes: [ElementType] = []

  /// A comparison that has found nothing yet.
  init(of source: Source, path: String) {
    self.source = source
    self.path = path
  }

  /// Adds what differs between the tensors of a file and a model's.
  ///
  /// - Parameters:
  ///   - found: The shapes of the file's tensors.
  ///   - expected: The model's parameters.
  ///   - prefix: Put before the names in the lists, to tell the files of a checkpoint apart.
  mutating func compare(_ found: [String: [Int]], with expected: [ParameterLayout], prefix: String)
  {
    for layout in expected {
      guard let shape = found[layout.name] else {
        missing.append(prefix + layout.name)
        continue
      }
      if shape != layout.publishedShape {
        shapes.append(
          Shape(name: prefix + layout.name, expected: layout.publishedShape, found: shape))
      }
    }
    let names = Set(expected.map(\.name))
    extra += found.keys.filter { !names.contains($0) }.sorted().map { prefix + $0 }
  }

  /// Throws this error if anything differs.
  func throwIfAny() throws {
    if !(missing.isEmpty && extra.isEmpty && shapes.isEmpty && elementTypes.isEmpty) { throw self }
  }

  /// The file and everything that is wrong with it, a line each.
  ///
  /// - Parameter name: What to call the tensor of a name of the model's.
  /// - Returns: The lines, without what to do.
  package func text(naming name: (String) -> String = { $0 }) -> String {
    var lines = ["'\(path)': the tensors are not those of the configured model"]
    lines += missing.map { "  missing: \(name($0))" }
    lines += extra.map { "  not in the model: \(name($0))" }
    lines += shapes.map { "  \(name($0.name)): shape \($0.found), \($0.expected) expected" }
    lines += elementTypes.map {
      "  \(name($0.name)): elements of type \($0.found); float32, float16 or bfloat16 expected"
    }
    return lines.joined(separator: "\n")
  }

  /// The file, everything that is wrong with it, a line each, and what to do.
  public var description: String {
    text()
      + "\nGive the configuration that these weights were trained with, or the weights of this one."
  }
}
