extension TokenizerRunConfiguration.Losses {
  static let blank = Self(reconstruction: .init(kind: .l2, weight: 1))

  static var codec: Codec<Self> {
    .section(
      blank,
      [
        Field(
          "reconstruction", \.reconstruction,
          .section(
            blank.reconstruction,
            [
              Field("kind", \.kind, .choice()),
              Field("weight", \.weight, .number(.positive)),
            ])),
        Field(
          "perceptual", \.perceptual, .optional(TokenizerRunConfiguration.perceptual, none: "none"),
          default: .some(nil)),
        Field(
          "adversarial", \.adversarial,
          .optional(TokenizerRunConfiguration.adversarial, none: "none"), default: .some(nil)),
        Field(
          "alignment", \.alignment, .optional(TokenizerRunConfiguration.alignment, none: "none"),
          default: .some(nil)),
      ])
  }
}

extension TokenizerRunConfiguration {
  /// A file of weights, or the word none.
  private static func file<Root>(
    _ key: String, _ property: WritableKeyPath<Root, String?>, _ text: String
  ) -> Field<Root> {
    Field(key, property, .optional(.text(text), none: "none"), default: .some(nil))
  }

  fileprivate static var perceptual: Codec<Perceptual> {
    .section(
      Perceptual(weight: 1),
      [
        Field("weight", \.weight, .number(.positive)),
        Field(
          "lpips", \.lpips,
          .optional(
            .section(
              Perceptual.LPIPS(weight: 1),
              [
                Field("weight", \.weight, .number(.positive), default: 1),
                file("network", \.network, "a weights file of VGG-16"),
                file("linear", \.linear, "a weights file of LPIPS's linear layers"),
              ]), none: "none"), default: .some(nil)),
        Field(
          "convnext_s", \.convNeXt,
          .optional(
            .section(
              Perceptual.Classifier(weight: 1),
              [
                Field("weight", \.weight, .number(.positive), default: 1),
                file("network", \.network, "a weights file of ConvNeXt-S"),
              ]), none: "none"), default: .some(nil)),
      ])
  }

  fileprivate static var adversarial: Codec<Adversarial> {
    .section(
      Adversarial(
        discriminator: .dino, inputSize: 224, weight: 1, leCamWeight: 0, leCamDecay: 0, start: 0,
        rate: 1),
      [
        Field("discriminator", \.discriminator, .choice()),
        file("backbone", \.backbone, "a weights file of DINO ViT-S/16"),
        Field("input_size", \.inputSize, .integer(in: 1...16_384), default: 224),
        Field("weight", \.weight, .number(.positive)),
        Field("lecam", \.leCamWeight, .number(.notNegative)),
        Field("lecam_decay", \.leCamDecay, .number(.belowOne), default: 0.999),
        Field("start", \.start, .stepCount(from: 0)),
        Field("rate", \.rate, .number(.positive)),
      ])
  }

  fileprivate static var alignment: Codec<Alignment> {
    let part: Codec<Alignment.Part> = .section(
      Alignment.Part(weight: 0, margin: 0),
      [
        Field("weight", \.weight, .number(.notNegative)),
        Field("margin", \.margin, .number(.belowOne)),
      ])
    return .section(
      Alignment(
        network: .dinov3, width: 1, encoder: .init(weight: 0, margin: 0),
        decoder: .init(weight: 0, margin: 0)),
      [
        Field("network", \.network, .choice()),
        file("file", \.file, "a weights file of the foundation model"),
        Field("width", \.width, .size),
        Field("encoder", \.encoder, part), Field("decoder", \.decoder, part),
      ])
  }
}
