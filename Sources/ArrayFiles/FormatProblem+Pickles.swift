extension FormatProblem {
  /// A pickle that wants more than a file of weights needs.
  static func refused(_ what: String) -> Self {
    Self(
      "\(what), and a file of weights needs none; nothing of it was run",
      advice: "If you trust the file, load it in PyTorch and save its tensors alone: "
        + "torch.save(model.state_dict(), FILE).")
  }
}
