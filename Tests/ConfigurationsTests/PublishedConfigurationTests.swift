import Checkpoints
import Configurations
import Foundation
import HierarchicalGenerator
import ResidualTokenizer
import TestSupport
import Testing

@Suite("Configurations of the published program") struct PublishedConfigurationTests {
  private func tokenizer(_ old: String = "", _ new: String = "") throws -> ResTok.Configuration {
    let text = PublishedTexts.tokenizer.replacing(old, with: new)
    guard
      case .tokenizer(let configuration) = try PublishedConfiguration(
        text: text, file: "f", kind: .tokenizer
      ).configuration
    else { throw CocoaError(.coderInvalidValue) }
    return configuration.model
  }

  private func generator(
    _ text: String = PublishedTexts.generator, _ old: String = "", _ new: String = ""
  ) throws -> Generator.Configuration {
    guard
      case .generator(let configuration) = try PublishedConfiguration(
        text: text.replacing(old, with: new), file: "f", kind: .generator
      ).configuration
    else { throw CocoaError(.coderInvalidValue) }
    return configuration.model
  }

  @Test func theModelsAreThoseOfTheConfigurations() throws {
    let released = try TokenizerRunConfiguration(
      yaml: Repository.text(of: "Configs/tokenizer/restok-l-256-released.yaml"))
    #expect(try tokenizer() == released.model)
    #expect(released.model.alignmentWidth == 1024)
    let har = try GeneratorRunConfiguration(
      yaml: Repository.text(of: "Configs/generator/har-l.yaml"))
    #expect(try generator() == har.model)
    #expect(try generator(PublishedTexts.tokenizer) == har.model)
  }

  /// All but the places of data and of files, which nobody knows.
  @Test func theTrainingIsThatOfTheConfigurations() throws {
    var released = try TokenizerRunConfiguration(
      yaml: Repository.text(of: "Configs/tokenizer/restok-l-256-released.yaml"))
    released.losses.perceptual?.lpips?.network = nil
    released.losses.perceptual?.lpips?.linear = nil
    released.losses.adversarial?.backbone = nil
    released.losses.alignment?.file = nil
    var har = try GeneratorRunConfiguration(
      yaml: Repository.text(of: "Configs/generator/har-l.yaml"))
    for (text, kind) in [
      (PublishedTexts.tokenizer, RunKind.tokenizer), (PublishedTexts.generator, .generator),
    ] {
      let published = try PublishedConfiguration(text: text, file: "f", kind: kind).configuration
      switch published {
      case .tokenizer(let configuration):
        released.training.run = configuration.training.run
        #expect(configuration == released)
      case .generator(let configuration):
        har.training.run = configuration.training.run
        har.tokenizer = configuration.tokenizer
        #expect(configuration == har)
      }
    }
  }

  @Test func whatIsPassedOverIsSaid() throws {
    let tokenizer = try PublishedConfiguration(
      text: PublishedTexts.tokenizer, file: "f", kind: .tokenizer)
    #expect(
      tokenizer.passedOver.sorted() == [
        "dataset.params", "dataset.preprocessing.random_crop", "experiment", "losses",
        "model.generator", "model.vq_model.test_num_latent_tokens", "training",
      ])
    let section = try PublishedConfiguration(
      text: PublishedTexts.tokenizer, file: "f", kind: .generator)
    #expect(
      section.passedOver.sorted() == [
        "dataset", "experiment", "losses", "model.generator.num_steps", "model.generator.rope",
        "model.vq_model", "training",
      ])
    let generator = try PublishedConfiguration(
      text: PublishedTexts.generator, file: "f", kind: .generator)
    #expect(
      generator.passedOver.sorted() == [
        "attn_dropout_p", "caption_dim", "drop_path_rate", "ffn_dropout_p", "initializer_range",
        "max_batch_size", "max_seq_len",
      ])
  }

  @Test func otherModelsThanThePublishedOnes() throws {
    #expect(try tokenizer("merge_tokens: True", "merge_tokens: False").scales.count == 1)
    #expect(try tokenizer("hierarchy_stages: 4", "").scales.count == 4)
    #expect(try tokenizer("drop_prob: 0.2", "drop_prob: 0.0").nestedDropout.probability == 0)
    #expect(
      try tokenizer("drop_latent_tokens: True", "drop_latent_tokens: False").nestedDropout
        .probability == 0)
    #expect(try tokenizer("\"dinov3\"", "dinov2_b").alignmentWidth == 768)
    for (old, new) in [
      ("use_vf: \"dinov3\"", ""), ("use_vf: \"dinov3\"", "use_vf: null"),
      ("decoder_feature_supervision: True", ""),
      ("encoder_feature_supervision: True", "encoder_feature_supervision: False"),
      ("learnable_dec_feat_tokens: True", "learnable_dec_feat_tokens: false"),
    ] {
      #expect(try tokenizer(old, new).alignmentWidth == 0, "\(old) \(new)")
    }
    #expect(try tokenizer("\"large\"\n", "\"small\"\n").encoder.width == 512)
    #expect(try tokenizer("crop_size: 256", "crop_size: 128").imageSize == 128)
    #expect(try tokenizer("rope_base_len: 10_000", "rope_base_len: 1_000.5").ropeBase == 1000.5)
    #expect(try generator(PublishedTexts.tokenizer, "GPT-L", "GPT-XL").layerCount == 36)
    let sequential = try generator(PublishedTexts.tokenizer, "har: True", "har: False")
    #expect(sequential.order == .sequential)
    let vanilla = PublishedTexts.generator.replacing(
      "\"ar_token_num\": 4,\n    \"spe_token_num\": 127", with: "\"vq_dim\": 16")
    #expect(try generator(vanilla).order == .sequential)
  }

  @Test(arguments: [
    ("use_l2_norm: True", "use_l2_norm: False", "expected true, found \"false\": codes of"),
    ("vae_encoder: True", "", "model.vq_model.vae_encoder"),
    ("is_legacy", "", ""), ("vae_encoder: True", "vae_encoder: False", "convolutional encoder"),
    ("drop_prob: 0.2", "is_legacy: False", "another decoder"),
    ("reduction_ratio: 0.5", "reduction_ratio: 0.25", "two tokens become one"),
    ("learnable_latent_tokens: False", "learnable_latent_tokens: True", "latents begin"),
    ("learnable_dec_image_tokens: True", "learnable_dec_image_tokens: 0", "queries are learned"),
    ("latent_hierarchy: True", "latent_hierarchy: False", "latents have levels"),
    ("reverse_proj: True", "reverse_proj: False", "are projected here"),
    ("patch_size: 16", "patch_size: 8", "halve an image four times"),
    ("multi_quant: True", "multi_quant: 2", "expected true or false, found \"2\""),
    ("drop_prob: 0.2", "quantize_mode: vae", "no other quantizer"),
    ("drop_prob: 0.2", "window: 3", "model.vq_model.window (line 27): there is no such key"),
    ("use_vf: \"dinov3\"", "use_vf: sam", "expected one of dinov3"),
    ("\"large\"", "giant", "expected one of small, base, large"),
    ("codebook_size: 8192", "codebook_size: ${nowhere}", "found \"${nowhere}\""),
    ("codebook_size: 8192", "codebook_size: ${model.vq_model}", "found \"${model.vq_model}\""),
    (
      "codebook_size: 8192", "codebook_size: ${model.vq_model.codebook_size}", "expected an integer"
    ),
    ("codebook_size: 8192", "", "codebook_size"),
    ("codebook_size: 8192", "codebook_size: \"8192\"", "expected an integer"),
    ("codebook_size: 8192", "codebook_size: 8192\n        codebook_size: 1", "given again below"),
    ("num_latent_tokens: 128", "num_latent_tokens: 100", "no level structure"),
    ("crop_size: 256", "crop_size: 250", "not divisible"), ("crop_size: 256", "a: 1", "crop_size"),
    ("preprocessing:", "other:", "dataset.preprocessing"),
    ("generator:", "refiner:", "model.refiner"), ("vq_model:", "other:", "model.vq_model"),
    ("model:\n    vq", "models:\n    vq", "model"),
  ])
  func whatChangesTheTokenizerIsRefused(old: String, new: String, sign: String) {
    let problems = PublishedTexts.problems(.tokenizer, replacing: old, with: new)
    guard !sign.isEmpty else {
      #expect(problems == [])
      return
    }
    #expect(problems.contains { $0.contains(sign) }, "\(problems)")
  }

  @Test(arguments: [
    ("\"n_kv_head\": null", "\"n_kv_head\": 4", "as many heads as queries"),
    ("\"ffn_dim_multiplier\": null", "\"ffn_dim_multiplier\": 1.5", "follows from dim"),
    ("1e-05", "1e-06", "norm_eps"), ("\"c2i\"", "\"t2i\"", "the only condition"),
    ("\"cls_token_num\": 1", "\"cls_token_num\": 120", "one token"),
    ("\"spe_token_num\": 127", "\"spe_token_num\": 63", "expected 127"),
    ("\"spe_token_num\": 127", "\"window\": 1", "window"),
    ("\"class_dropout_prob\": 0.1", "\"class_dropout_prob\": 0.0", "no class"),
    ("\"dim\": 1024", "\"dim\": 1023", "heads do not divide"),
    ("\"dim\": 1024", "\"dim\": 1048576", "weights"), ("\"dim\": 1024,", "", "dim"),
    ("\"ar_token_num\": 4", "\"ar_token_num\": 3", "single tokens"),
    ("\"dim\": 1024", "\"dim\": 1e999", "dim"), ("{", "[", "YAML"), ("\"dim\"", "\"model\"", "dim"),
  ])
  func whatChangesTheGeneratorIsRefused(old: String, new: String, sign: String) {
    let problems = PublishedTexts.problems(.generator, replacing: old, with: new)
    #expect(problems.contains { $0.contains(sign) }, "\(problems)")
  }

  @Test(arguments: [
    ("gpt_type: \"c2i\"", "gpt_type: \"t2i\"", "the only condition"),
    ("\"GPT-L\"", "GPT-S", "expected one of GPT-B"), ("spe_token_num: 127", "spe: 1", "spe"),
    ("spe_token_num: 127", "spe_token_num: 64", "model.generator.spe_token_num"),
  ])
  func whatChangesTheSectionIsRefused(old: String, new: String, sign: String) {
    let problems = PublishedTexts.problems(.section, replacing: old, with: new)
    #expect(problems.contains { $0.contains(sign) }, "\(problems)")
  }

  @Test func allProblemsAreListed() {
    let problems = PublishedTexts.problems(
      .tokenizer, replacing: "reduction_ratio: 0.5",
      with: "reduction_ratio: 0.2\n        latent_hierarchy: False\n        other: 1")
    #expect(problems.count == 3, "\(problems)")
  }

  @Test(arguments: [RunKind.tokenizer, .generator])
  func whatIsWrittenReadsAsTheSameModel(kind: RunKind) throws {
    let text = kind == .tokenizer ? PublishedTexts.tokenizer : PublishedTexts.generator
    let first = try PublishedConfiguration(text: text, file: "f", kind: kind).configuration
    let written = try PublishedConfiguration.text(for: first, file: "f")
    let object = try JSONSerialization.jsonObject(with: Data(written.utf8)) as? [String: Any]
    let fields = try #require(object)
    let again = try PublishedConfiguration(text: written, file: "g", kind: kind).configuration
    #expect(again == first)
    guard kind == .generator else {
      let model = fields["model"] as? [String: [String: Any]]
      #expect(model?["vq_model"]?["use_vf"] as? String == "dinov3")
      #expect(model?["vq_model"]?["use_l2_norm"] as? Bool == true)
      return
    }
    let expected = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    #expect(NSDictionary(dictionary: fields) == NSDictionary(dictionary: try #require(expected)))
  }

  @Test func modelsThatThePublishedProgramHasNotAreNotWritten() throws {
    let own = try TokenizerRunConfiguration(
      yaml: ConfigurationTexts.tokenizer,
      overrides: [
        "losses.alignment={network: mae, width: 64, encoder: {weight: 1, margin: 0.2}, decoder: "
          + "{weight: 1, margin: 0.2}}"
      ])
    let error = #expect(throws: ConfigurationError.self) {
      try PublishedConfiguration.text(for: .tokenizer(own), file: "run")
    }
    #expect(error?.problems.count == 6, "\(String(describing: error))")
    let undropped = try GeneratorRunConfiguration(
      yaml: ConfigurationTexts.generator, overrides: ["model.class_dropout=0"])
    #expect(throws: ConfigurationError.self) {
      try PublishedConfiguration.text(for: .generator(undropped), file: "run")
    }
  }

  @Test func theKeysAreDocumented() throws {
    let document = try Repository.text(of: "Docs/PublishedWeights.md")
    for kind in RunKind.allCases {
      for key in PublishedConfiguration.keys(of: kind) {
        #expect(document.contains("`\(key)`"), "\(key)")
      }
    }
  }
}
