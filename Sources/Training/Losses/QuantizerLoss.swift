/// The losses that the quantizer computes: commitment, and codebook with the entropy loss if it is on.
///
/// Their own factors are in them already. Source: Docs/Method.md.
struct QuantizerLoss: LossTerm {
  func losses(on pass: TokenizerPass) -> [WeightedLoss] {
    [
      WeightedLoss(name: "commitment", value: pass.output.commitmentLoss, weight: 1),
      WeightedLoss(name: "codebook", value: pass.output.codebookLoss, weight: 1),
    ]
  }
}
