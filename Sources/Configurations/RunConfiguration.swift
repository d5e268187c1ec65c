import ArrayFiles
public import Checkpoints
import DataParallel
import Tensors

extension RunKind {
  /// The key `kind` of a configuration of this kind.
  func field<Root>() -> Field<Root> {
    Field(
      "kind", always: rawValue,
      because: "this command needs the configuration of a \(rawValue)")
  }
}

/// The keys of a configuration and the checks of their values against each other.
public struct RunSchema<Configuration> {
  let codec: Codec<Configuration>
  /// Fills in what follows from several sections.
  let complete: (inout Configuration) -> Void
  let check: (Configuration, SizeChecker) -> Void

  init(
    _ codec: Codec<Configuration>, complete: @escaping (inout Configuration) -> Void = { _ in },
    check: @escaping (Configuration, SizeChecker) -> Void
  ) {
    self.codec = codec
    self.complete = complete
    self.check = check
  }

  /// All keys, in the order of the document.
  package var keys: [ConfigurationKey] { codec.keys }
}

/// Everything that a run is told, read from a YAML file whose every key is checked.
///
/// Docs/Configuration.md lists the keys, with the defaults of those that may be left out.
public protocol RunConfiguration: Sendable, Equatable {
  /// The word after `kind:`.
  static var kind: RunKind { get }
  /// The keys.
  static var schema: RunSchema<Self> { get }
  /// What both kinds of run are told.
  var training: TrainingSettings { get set }
}

extension RunConfiguration {
  /// Written by earlier versions into the configuration of every run.
  static var retiredKeys: [String: String] { ["reader": "coordinator"] }

  /// Reads a configuration.
  ///
  /// - Parameters:
  ///   - file: The path of a YAML file.
  ///   - overrides: `key.path=value` pairs that replace values of the file; each value is YAML.
  /// - Throws: `ConfigurationError` with all problems of the file and the overrides.
  public init(contentsOf file: String, overrides: [String] = []) throws(ConfigurationError) {
    try self.init(
      yaml: configurationText(of: file), file: file, overrides: overrides)
  }

  /// Reads a configuration from its text.
  ///
  /// - Parameters:
  ///   - yaml: The text.
  ///   - file: What errors call the text.
  ///   - overrides: `key.path=value` pairs that replace values of the text; each value is YAML.
  /// - Throws: `ConfigurationError` with all problems of the text and the overrides.
  public init(
    yaml: String, file: String = "configuration", overrides: [String] = []
  ) throws(ConfigurationError) {
    let schema = Self.schema
    let problems = ProblemCollector(knownPaths: schema.keys.map(\.path))
    var tree = try ConfigurationTree(yaml: yaml, file: file)
    tree.apply(overrides, problems: problems)
    // Of a configuration of another kind only that is reported: none of its keys would fit.
    if let kind = tree.entries?.first(where: { $0.key == "kind" })?.value,
      let other = kind.word.flatMap(RunKind.init(rawValue:)), other != Self.kind
    {
      throw ConfigurationError(
        file: file,
        problems: [
          .init(
            path: "kind", origin: kind.origin,
            message: "expected the configuration of a \(Self.kind), found one of a \(other)")
        ])
    }
    let read = schema.codec.read(tree, "", problems).map { value in
      var value = value
      schema.complete(&value)
      schema.check(value, SizeChecker(tree: tree, problems: problems))
      return value
    }
    guard let read, problems.problems.isEmpty else {
      throw ConfigurationError(file: file, problems: problems.sorted)
    }
    self = read
  }

  /// Checks that a number of ranks can run this configuration.
  ///
  /// - Parameters:
  ///   - worldSize: The number of ranks.
  ///   - file: What the error calls the configuration.
  /// - Throws: `ConfigurationError` with the allowed numbers when the ranks do not divide the lanes.
  public func check(worldSize: Int, file: String = "configuration") throws(ConfigurationError) {
    do {
      _ = try LanePlan(laneCount: training.batch.laneCount, worldSize: worldSize)
    } catch {
      throw ConfigurationError(
        file: file,
        problems: [.init(path: "batch.lanes", origin: .unknown, message: error.description)])
    }
  }

  /// The configuration with every default, as a document that reads as an equal configuration.
  public var yaml: String { Self.schema.codec.write(self).yaml() }

  /// The path and the value of every key, defaults included, in the order of the document.
  public var values: [(path: String, value: String)] {
    Self.schema.codec.write(self).leaves().map { ($0.path, $0.text) }
  }

  /// A digest of all that can change the run's results, equal on every machine.
  ///
  /// It is the 64-bit FNV-1a hash of the sorted lines `path=value`, without the keys that say where
  /// the run lives, what it reports, and how its data travel, and without keys of later versions that have
  /// the value of before.
  public var digest: UInt64 {
    let lines = values.compactMap { path, value -> String? in
      // No layout in the first version, whose digests had this line.
      if path == "recompute" { return "recompute=none\n" }
      guard !ConfigurationKey.isAsBefore(path, value) else { return nil }
      return ConfigurationKey.changesResults(path) ? "\(path)=\(value)\n" : nil
    }
    return fnv1a(lines.sorted().joined().utf8)
  }

  /// A digest of what makes a model out of weights: its kind, sizes and structure.
  ///
  /// The 64-bit FNV-1a hash of the sorted lines `path=value`, of `kind` and of the model's keys without those
  /// that only training reads.
  public var modelDigest: UInt64 {
    let lines = values.compactMap { path, value -> String? in
      path == "kind" || ConfigurationKey.changesModel(path) ? "\(path)=\(value)\n" : nil
    }
    return fnv1a(lines.sorted().joined().utf8)
  }

  /// The configuration as checkpoints hold it, without what says where the run lives and how its work is
  /// carried out: equal training states have equal texts, wherever and on whatever they came about.
  public var portableYAML: String {
    var configuration = self
    configuration.training.run.name = Self.kind.rawValue
    configuration.training.run.output = "."
    var execution = TrainingSettings.Execution.standard
    execution.reduction = training.execution.reduction
    execution.wire = training.execution.wire
    configuration.training.execution = execution
    return configuration.yaml
  }

  /// The keys whose values differ between this configuration and another.
  ///
  /// - Parameter other: The configuration to compare with, such as the one of a checkpoint.
  /// - Returns: The keys, in the order of the document; none for equal configurations.
  public func differences(from other: Self) -> [ConfigurationDifference] {
    let theirs = Dictionary(uniqueKeysWithValues: other.values.map { ($0.path, $0.value) })
    let ours = Dictionary(uniqueKeysWithValues: values.map { ($0.path, $0.value) })
    let paths = values.map(\.path) + other.values.map(\.path).filter { ours[$0] == nil }
    return paths.compactMap { path in
      guard ours[path] != theirs[path] else { return nil }
      return ConfigurationDifference(
        path: path, value: ours[path], otherValue: theirs[path],
        changesResults: ConfigurationKey.changesResults(path),
        changesModel: ConfigurationKey.changesModel(path))
    }
  }
}

/// A key that has different values in two configurations.
public struct ConfigurationDifference: Sendable, Equatable, CustomStringConvertible {
  /// The path of the key.
  public let path: String
  /// The value of the configuration that was asked; nil when it has no such key.
  public let value: String?
  /// The value of the other configuration; nil when it has no such key.
  public let otherValue: String?
  /// Whether the key can change a run's results.
  public let changesResults: Bool
  /// Whether the key makes another model of the same weights.
  public let changesModel: Bool

  /// The path and both values.
  public var description: String {
    "\(path): \(value ?? "absent") instead of \(otherValue ?? "absent")"
  }
}

/// The text of a configuration's file.
func configurationText(of file: String) throws(ConfigurationError) -> String {
  let problem: String
  do {
    // One byte more than is allowed is refused as too long.
    let bytes = try FileSystem.bytes(of: file, upTo: YAMLLimits.byteCount + 1)
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    problem = "the file is not UTF-8 text"
  } catch let error as FileError where error.isMissing {
    problem = "there is no such file"
  } catch {
    problem = "the file cannot be read: is it a directory, or not permitted?"
  }
  throw ConfigurationError(
    file: file, problems: [.init(path: "", origin: .unknown, message: problem)])
}

extension ConfigurationTree {
  /// Replaces values by `key.path=value` overrides.
  fileprivate mutating func apply(_ overrides: [String], problems: ProblemCollector) {
    for override in overrides {
      let parts = override.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let path = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !path.contains("") else {
        problems.add(
          "", .commandLine, "\"\(override)\" is no override: expected key.path=value")
        continue
      }
      guard let value = ConfigurationTree(override: String(parts[1])) else {
        problems.add(
          String(parts[0]), .commandLine,
          "the value \"\(parts[1])\" is not YAML: expected key.path=value")
        continue
      }
      self = setting(path[...], to: value)
    }
  }
}
