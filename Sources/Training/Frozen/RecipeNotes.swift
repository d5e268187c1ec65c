import Configurations

/// What the log of a run says of its losses at the start: which are on, with which files, and which are off.
struct RecipeNotes {
  let losses: TokenizerRunConfiguration.Losses
  let files: [RecipeNetworks.File]

  /// The lines, one for each loss that can be off by itself.
  var lines: [String] {
    let reconstruction = losses.reconstruction
    return ["loss reconstruction: on, \(reconstruction.kind.rawValue) × \(reconstruction.weight)"]
      + perceptual + [adversarial, alignment]
  }

  private var perceptual: [String] {
    guard let perceptual = losses.perceptual else { return [off("perceptual")] }
    let (lpips, convNeXt) = (perceptual.lpips, perceptual.convNeXt)
    let total = (lpips?.weight ?? 0) + (convNeXt?.weight ?? 0)
    var lines: [String] = []
    if let lpips {
      lines.append(
        line(
          "perceptual", "lpips × \(perceptual.weight * lpips.weight / total)",
          [("perceptual.lpips.network", lpips.network), ("perceptual.lpips.linear", lpips.linear)]))
    }
    if let convNeXt {
      lines.append(
        line(
          "perceptual", "convnext_s × \(perceptual.weight * convNeXt.weight / total)",
          [("perceptual.convnext_s.network", convNeXt.network)]))
    }
    return lines
  }

  private var adversarial: String {
    guard let adversarial = losses.adversarial else { return off("adversarial") }
    return line(
      "adversarial",
      "\(adversarial.discriminator.rawValue) × \(adversarial.weight) after step \(adversarial.start)",
      adversarial.discriminator == .dino ? [("adversarial.backbone", adversarial.backbone)] : [])
  }

  private var alignment: String {
    guard let alignment = losses.alignment else { return off("alignment") }
    guard alignment.isWeighted else { return "loss alignment: off, both of its weights are 0" }
    let (encoder, decoder) = (alignment.encoder.weight, alignment.decoder.weight)
    return line(
      "alignment", "\(alignment.network.rawValue), encoder × \(encoder), decoder × \(decoder)",
      [("alignment.file", alignment.file)])
  }

  private func off(_ loss: String) -> String {
    "loss \(loss): off, the configuration has no section losses.\(loss)"
  }

  /// A loss that is on, with its files, or off for want of one.
  private func line(_ loss: String, _ text: String, _ keys: [(key: String, path: String?)])
    -> String
  {
    let missing = keys.filter { $0.path == nil }.map { "losses.\($0.key)" }
    guard missing.isEmpty else {
      let names = missing.joined(separator: " and ")
      return
        "loss \(loss): off, \(names) \(missing.count == 1 ? "names" : "name") no file (\(text))"
    }
    let names = keys.compactMap { key in
      files.first { $0.key == "losses.\(key.key)" }.map { ", \($0.path) (\($0.digest))" }
    }
    return "loss \(loss): on, \(text)\(names.joined())"
  }
}
