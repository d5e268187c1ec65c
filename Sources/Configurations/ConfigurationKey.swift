import Kernels
import ResidualTokenizer

/// A key of a configuration, as Docs/Configuration.md describes it.
package struct ConfigurationKey: Sendable, Equatable {
  /// The path, such as `model.encoder.heads`.
  package let path: String
  /// What the value has to be: "an integer of at least 1".
  package let expectation: String
  /// What holds when the key is left out; nil when it must not be.
  package let defaultValue: String?
  /// The properties that lead to its value, such as `training.execution.wire`; nil when the key
  /// always has one value.
  package let property: String?

  /// Makes a key.
  package init(path: String, expectation: String, defaultValue: String?, property: String?) {
    self.path = path
    self.expectation = expectation
    self.defaultValue = defaultValue
    self.property = property
  }

  /// Whether another value can give other results.
  package var changesResults: Bool { Self.changesResults(path) }

  /// Whether another value at a path can give other results: not where a key says where the run
  /// lives, what it reports, or how its work and data travel.
  static func changesResults(_ path: String) -> Bool {
    let layout = [
      "run.output", "run.name", "log", "checkpoint", "evaluate", "prefetch", "deadlines",
      "digest_every", "bucket_bytes", "recompute", "measure_rate",
    ]
    return !layout.contains { path == $0 || path.hasPrefix($0 + ".") }
  }

  /// Whether a value of a key that earlier versions did not have says what they all did, so that it is no
  /// part of digests.
  static func isAsBefore(_ path: String, _ value: String) -> Bool {
    if path == "model.codebook.revive_after" {
      return value == "\(ResTok.Configuration.Codebook.standardRevivalStepCount)"
    }
    if path == "convolutions" { return value == ConvolutionArithmetic.direct.rawValue }
    return ["losses.perceptual", "losses.adversarial", "losses.alignment", "init_encoder"].contains(
      path)
      && value == "none"
  }

  /// Whether another value at a path makes another function of the same weights: the keys of the model
  /// but for those that only its training reads, and the width of the projections for an alignment.
  static func changesModel(_ path: String) -> Bool {
    let training = [
      "model.nested_dropout", "model.codebook.commitment", "model.codebook.entropy",
      "model.codebook.revive", "model.codebook.revive_after", "model.dropout",
      "model.token_dropout", "model.class_dropout",
    ]
    return path == "losses.alignment.width"
      || path.hasPrefix("model.")
        && !training.contains { path == $0 || path.hasPrefix($0 + ".") }
  }
}

extension Codec {
  /// The keys of a field of this value: those below it, or the field itself.
  ///
  /// - Parameters:
  ///   - key: The field's key.
  ///   - property: The properties that lead to the value from that of the field's section.
  ///   - defaultValue: The field's default.
  /// - Returns: The keys in the order of the document.
  func keys(of key: String, property: String, default defaultValue: Value?) -> [ConfigurationKey] {
    let leaves = defaultValue.map { write($0).leaves() } ?? []
    func defaultText(of path: String) -> String? { leaves.first { $0.path == path }?.text }
    guard !keys.isEmpty else {
      return [
        ConfigurationKey(
          path: key, expectation: expectation, defaultValue: defaultText(of: ""),
          property: property)
      ]
    }
    return keys.map { inner in
      ConfigurationKey(
        path: "\(key).\(inner.path)", expectation: inner.expectation,
        // A word may stand for the whole section.
        defaultValue: inner.defaultValue ?? defaultText(of: inner.path) ?? defaultText(of: ""),
        property: inner.property.map {
          [property, $0].filter { !$0.isEmpty }.joined(separator: ".")
        }
      )
    }
  }
}
