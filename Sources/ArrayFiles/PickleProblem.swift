/// What is wrong with a pickle; the reader of the file adds where.
struct PickleProblem: Error {
  let problem: String
  let advice: String

  init(_ problem: String, advice: String = damagedFileAdvice) {
    self.problem = problem
    self.advice = advice
  }

  /// A pickle that wants more than a file of weights needs.
  static func refused(_ what: String) -> Self {
    Self(
      "\(what), and a file of weights needs none; nothing of it was run",
      advice: "If you trust the file, load it in PyTorch and save its tensors alone: "
        + "torch.save(model.state_dict(), FILE).")
  }
}
