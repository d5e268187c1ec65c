public import Checkpoints
import HierarchicalGenerator
import ResidualTokenizer

/// What a configuration of the published program says of a model, as a configuration of this program.
///
/// The files are the `config.json` beside published weights and the YAML files of the published program.
/// Of the model every key is read, and one that is unknown is refused; what is not of the model is
/// passed over, and the training is the published one. Source: Docs/PublishedWeights.md, sections 2 and 3.
public struct PublishedConfiguration {
  /// The configuration of this program.
  public let configuration: AnyRunConfiguration
  /// Keys that were passed over, as in the file.
  public let passedOver: [String]

  /// Reads what a file says of a tokenizer or of a generator.
  ///
  /// - Parameters:
  ///   - file: The path of a JSON or YAML file.
  ///   - kind: Which of the two models is meant, where the file has both.
  /// - Throws: `ConfigurationError` with all problems of the file.
  public init(contentsOf file: String, kind: RunKind) throws(ConfigurationError) {
    try self.init(text: configurationText(of: file), file: file, kind: kind)
  }

  /// Reads what a text says.
  ///
  /// - Throws: `ConfigurationError`, as for a file.
  public init(text: String, file: String, kind: RunKind) throws(ConfigurationError) {
    let tree = try ConfigurationTree(yaml: text, file: file).publishedValues()
    let problems = ProblemCollector(knownPaths: [])
    let reader = PublishedReader(tree: tree, problems: problems)
    let text: String?
    switch kind {
    case .tokenizer: text = reader.tokenizer().map { PublishedTraining.text(of: $0, $1) }
    case .generator: text = reader.generator().map { PublishedTraining.text(of: $0) }
    }
    guard let text, problems.problems.isEmpty else {
      throw ConfigurationError(file: file, problems: problems.sorted)
    }
    // Sizes that do not fit together are found when the configuration is read.
    do {
      configuration = try AnyRunConfiguration(yaml: text, file: file)
    } catch {
      throw ConfigurationError(
        file: file,
        problems: error.problems.map {
          .init(
            path: "\($0.path), as this program's configurations call it", origin: .unknown,
            message: $0.message)
        })
    }
    passedOver = reader.passedOver
  }
}

/// Reads the parts of a published file that describe a model, and remembers what it passes over.
private final class PublishedReader {
  private let tree: ConfigurationTree
  private let problems: ProblemCollector
  private(set) var passedOver: [String] = []

  init(tree: ConfigurationTree, problems: ProblemCollector) {
    (self.tree, self.problems) = (tree, problems)
  }

  func tokenizer() -> (ResTok.Configuration, TokenizerRunConfiguration.Losses)? {
    guard let model = section("model", of: "a tokenizer") else { return nil }
    passOver(tree, at: "", except: ["model", "dataset"])
    refuseUnknown(model, known: ["vq_model", "generator"])
    passOver(model, at: "model", except: ["vq_model"])
    let preprocessing = section("dataset.preprocessing", of: "a tokenizer")
    if let dataset = tree.node(at: ["dataset"]) {
      passOver(dataset, at: "dataset", except: ["preprocessing"])
    }
    let size = preprocessing.flatMap { preprocessing -> Int? in
      passOver(preprocessing, at: "dataset.preprocessing", except: ["crop_size"])
      return read(
        preprocessing.node(at: ["crop_size"]), .integer(in: 1...16_384),
        at: "dataset.preprocessing.crop_size")
    }
    let published = section("model.vq_model", of: "a tokenizer").flatMap {
      read($0, PublishedTokenizer.codec, at: "model.vq_model", PublishedTokenizer.passedOver)
    }
    guard let size, let published else { return nil }
    return (published.configuration(imageSize: size), published.losses)
  }

  func generator() -> Generator.Configuration? {
    let published: PublishedGenerator?
    let path: String
    if tree.node(at: ["model"])?.entries != nil {
      path = "model.generator"
      passOver(tree, at: "", except: ["model"])
      if let model = section("model", of: "a generator") {
        refuseUnknown(model, known: ["vq_model", "generator"])
        passOver(model, at: "model", except: ["generator"])
      }
      published =
        section(path, of: "a generator").flatMap {
          read(
            $0, PublishedGeneratorSection.codec, at: path, PublishedGeneratorSection.passedOver)
        }?.generator
    } else {
      path = ""
      published = read(tree, PublishedGenerator.codec, at: "", PublishedGenerator.passedOver)
    }
    published?.check(at: path, tree.origin, problems)
    return published?.configuration
  }

  /// A section that has to be there.
  private func section(_ path: String, of model: String) -> ConfigurationTree? {
    let node = tree.node(at: path.split(separator: ".").map(String.init))
    guard let node, node.entries != nil else {
      problems.add(
        path, node?.origin ?? tree.origin,
        "expected a section, found \(node?.found ?? "no such key"): this is no configuration of "
          + "\(model) of the published program")
      return nil
    }
    return node
  }

  private func read<Value>(
    _ node: ConfigurationTree?, _ codec: Codec<Value>, at path: String,
    _ passedOver: Set<String> = []
  ) -> Value? {
    guard var node else {
      problems.add(path, tree.origin, "the key is missing: add \(codec.expectation)")
      return nil
    }
    if let entries = node.entries {
      self.passedOver += entries.filter { passedOver.contains($0.key) }
        .map { path.isEmpty ? $0.key : "\(path).\($0.key)" }
      node.content = .mapping(entries.filter { !passedOver.contains($0.key) })
    }
    let count = problems.problems.count
    let value = codec.read(node, path, problems)
    return problems.problems.count == count ? value : nil
  }

  private func passOver(_ node: ConfigurationTree, at path: String, except keys: Set<String>) {
    for entry in node.entries ?? [] where !keys.contains(entry.key) {
      passedOver.append(path.isEmpty ? entry.key : "\(path).\(entry.key)")
    }
    for entry in node.entries ?? [] where keys.contains(entry.key) && entry.isRepeated {
      problems.add(
        path.isEmpty ? entry.key : "\(path).\(entry.key)", entry.origin,
        "the key is given again below: keep one of the two")
    }
  }

  private func refuseUnknown(_ node: ConfigurationTree, known: Set<String>) {
    for entry in node.entries ?? [] where !known.contains(entry.key) {
      problems.add(
        "model.\(entry.key)", entry.origin,
        "this program knows of no such part of a model, and may not pass it over")
    }
  }
}

extension PublishedConfiguration {
  /// All keys of a kind of model that are known, read or passed over.
  package static func keys(of kind: RunKind) -> [String] {
    switch kind {
    case .tokenizer:
      PublishedTokenizer.codec.keys.map(\.path) + PublishedTokenizer.passedOver.sorted()
    case .generator:
      PublishedGenerator.codec.keys.map(\.path) + PublishedGenerator.passedOver.sorted()
        + PublishedGeneratorSection.codec.keys.map(\.path)
        + PublishedGeneratorSection.passedOver.sorted()
    }
  }
}
