/// What a key of a published file stands for.
///
/// Source: Docs/PublishedWeights.md, section 1.
enum PublishedName: Equatable {
  /// A parameter of the model, or something unknown.
  case parameter(String)
  /// A tensor that is no part of the model.
  case omitted(OmittedTensors.Kind)

  /// What programs put before every name.
  ///
  /// These are `torch.compile`, data parallelism, and the dictionaries that weights are saved in beside other
  /// things. No parameter of a model begins so.
  private static let wrappers = ["_orig_mod.", "module.", "model.", "state_dict."]

  private static let omittedPrefixes: [(kind: OmittedTensors.Kind, prefixes: [String])] = [
    (.frozenNetwork, ["foundation_model."]),
    (
      .losses,
      [
        "discriminator.", "perceptual_loss.", "lpips.", "loss.", "losses.", "loss_module.",
        "ema_real_logits_mean", "ema_fake_logits_mean",
      ]
    ),
    (
      .optimizer,
      [
        "optimizer.", "optimizer_states.", "optimizers.", "discriminator_optimizer.",
        "lr_scheduler.", "lr_schedulers.", "scheduler.", "scaler.",
      ]
    ),
  ]

  /// The parameters that alignment adds to a tokenizer.
  static let alignmentNames: Set<String> = [
    "vf_proj.weight", "vf_proj_dec.weight", "decoder.feat_mask_token",
  ]

  /// Tells what a key stands for.
  ///
  /// `isAligned`: whether the model has the parameters of alignment.
  init(of key: String, isAligned: Bool) {
    let name = Self.unwrapped(key)
    // An optimizer's `state.0.exp_avg` may stand behind a wrapper's name as well as before it.
    for (kind, prefixes) in Self.omittedPrefixes where prefixes.contains(where: name.hasPrefix) {
      self = .omitted(kind)
      return
    }
    self =
      !isAligned && Self.alignmentNames.contains(name) ? .omitted(.alignment) : .parameter(name)
  }

  /// The key without what programs put before every name.
  static func unwrapped(_ key: String) -> String {
    var name = key[...]
    while let wrapper = wrappers.first(where: { name.hasPrefix($0) }) {
      name = name.dropFirst(wrapper.count)
    }
    return String(name)
  }
}

/// Tensors of a weights file that are no part of the model and were left out.
public struct OmittedTensors: Sendable, Hashable, CustomStringConvertible {
  /// What they belong to.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The vision foundation model that a tokenizer was aligned with.
    case frozenNetwork = "the frozen foundation model"
    /// Losses and the discriminator.
    case losses = "the losses"
    /// The optimizer and its schedule.
    case optimizer = "the optimizer"
    /// The alignment, which the configured model does not have.
    case alignment = "the alignment, which the configuration does not have"
  }

  /// What they belong to.
  public let kind: Kind
  /// Their keys in the file, sorted.
  public let names: [String]

  /// Names that a line shows; the others are counted.
  private static let shownCount = 6

  /// How many there are, of what, and their names.
  public var description: String {
    let shown = names.prefix(Self.shownCount).joined(separator: ", ")
    let rest = names.count - Self.shownCount
    return
      "left out \(names.count) tensor\(names.count == 1 ? "" : "s") of \(kind.rawValue): \(shown)"
      + (rest > 0 ? " and \(rest) more" : "")
  }
}
