import Configurations

/// Configurations of the published program, as its YAML files and `config.json` have them.
enum PublishedTexts {
  /// A training file of the tokenizer, with words of Python and a reference.
  static let tokenizer = """
    experiment: {project: "restok_l_128", max_train_examples: 1_281_167, save_every: 5_000}
    model:
        vq_model:
            codebook_size: 8192
            token_size: 8
            use_l2_norm: True
            commitment_cost: 0.25
            entropy_loss_ratio: 0.0
            vit_enc_model_size: "large"
            vit_dec_model_size: "large"
            vit_enc_patch_size: 16
            vit_dec_patch_size: 16
            rope_base_len: 10_000
            num_latent_tokens: 128
            num_min_tokens: 4
            test_num_latent_tokens: 128
            merge_tokens: True
            hierarchy_stages: 4
            reduction_ratio: 0.5
            residual_image_tokens: True
            residual_latent_tokens: True
            learnable_latent_tokens: False
            learnable_dec_image_tokens: True
            multi_quant: True
            vae_encoder: True
            drop_latent_tokens: True
            drop_prob: 0.2
            latent_hierarchy: True
            encoder_feature_supervision: True
            decoder_feature_supervision: True
            learnable_dec_feat_tokens: True
            use_vf: "dinov3"
            reverse_proj: True
        generator:
            model_type: "GPT-L"
            num_steps: ${model.vq_model.test_num_latent_tokens}
            ar_token_num: ${model.vq_model.num_min_tokens}
            spe_token_num: 127
            vocab_size: ${model.vq_model.codebook_size}
            block_size: ${model.vq_model.num_latent_tokens}
            num_classes: 1000
            cls_token_num: 1
            gpt_type: "c2i"
            dropout_p: 0.1
            token_dropout_p: 0.1
            drop_path_rate: 0.0
            rope: True
            har: True
    losses: {vf_weight: 1.0}
    dataset:
        params: {num_workers_per_gpu: 16}
        preprocessing: {crop_size: 256, random_crop: True}
    training: {mixed_precision: "fp16"}

    """

  /// `config.json` of a generator.
  static let generator = """
    {
        "dim": 1024,
        "n_layer": 24,
        "n_head": 16,
        "n_kv_head": null,
        "multiple_of": 256,
        "ffn_dim_multiplier": null,
        "rope_base": 10000,
        "norm_eps": 1e-05,
        "initializer_range": 0.02,
        "token_dropout_p": 0.1,
        "attn_dropout_p": 0.0,
        "resid_dropout_p": 0.1,
        "ffn_dropout_p": 0.1,
        "drop_path_rate": 0.0,
        "num_classes": 1000,
        "caption_dim": 2048,
        "class_dropout_prob": 0.1,
        "model_type": "c2i",
        "vocab_size": 8192,
        "cls_token_num": 1,
        "block_size": 128,
        "max_batch_size": 32,
        "max_seq_len": 2048,
        "ar_token_num": 4,
        "spe_token_num": 127
    }
    """

  /// The problems that reading a text meets, as they are printed.
  static func problems(
    _ kind: Form, replacing old: String = "", with new: String = ""
  ) -> [String] {
    ConfigurationTexts.problems {
      switch kind {
      case .tokenizer:
        _ = try PublishedConfiguration(
          text: tokenizer.replacing(old, with: new), file: "f", kind: .tokenizer)
      case .section:
        _ = try PublishedConfiguration(
          text: tokenizer.replacing(old, with: new), file: "f", kind: .generator)
      case .generator:
        _ = try PublishedConfiguration(
          text: generator.replacing(old, with: new), file: "f", kind: .generator)
      }
    }
  }

  /// Which text is read, and as what.
  enum Form: Sendable {
    case tokenizer
    /// The generator's section in a YAML file.
    case section
    case generator
  }
}
