extension TokenizerRunConfiguration {
  /// The `init_encoder` section: blocks of a vision foundation model as the encoder's first weights.
  ///
  /// Source: Docs/Training.md, section 5.
  public struct EncoderInitialization: Sendable, Equatable {
    /// A file of a DINOv3 in timm's names.
    public var file: String
    /// Key `layers`: blocks that are taken; nil (`all`, the default) for all that file and encoder have.
    public var layerCount: Int?
  }

  /// The key `init_encoder`.
  static var encoderInitializationField: Field<Self> {
    let section: Codec<EncoderInitialization> = .section(
      EncoderInitialization(file: "", layerCount: nil),
      [
        Field("file", \.file, .text("a file of a DINOv3")),
        Field(
          "layers", \.layerCount, .optional(.layerCount, none: "all"), default: .some(nil)),
      ])
    return Field(
      "init_encoder", \.encoderInitialization, .optional(section, none: "none"),
      default: .some(nil))
  }
}

extension SizeChecker {
  /// Checks that what the encoder begins with fits the model and the other initial weights.
  func check(encoderInitializationOf configuration: TokenizerRunConfiguration) {
    guard let initialization = configuration.encoderInitialization else { return }
    func add(_ keys: [String], _ message: String) {
      problems.add(
        keys.joined(separator: "."), tree.node(at: keys)?.origin ?? tree.origin, message)
    }
    if let path = configuration.training.initialWeights {
      add(
        ["init_encoder"],
        "init: \(path) replaces all weights, those of the encoder's blocks too: leave one of the two out"
      )
    }
    let layerCount = configuration.model.encoder.layerCount
    if let count = initialization.layerCount, count > layerCount {
      add(
        ["init_encoder", "layers"],
        "\(count) blocks for the \(layerCount) of model.encoder.layers: take fewer, or all")
    }
  }
}
