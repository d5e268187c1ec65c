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
    var lines: [String] = []
    if let lpips = perceptual.lpips {
      lines.append(
        line(
          "perceptual", "lpips, \(lpips.weight) parts × \(perceptual.weight)",
          ["perceptual.lpips.network", "perceptual.lpips.linear"]))
    }
    if let convNeXt = perceptual.convNeXt {
      lines.append(
        line(
          "perceptual", "convnext_s, \(convNeXt.weight) parts × \(perceptual.weight)",
          ["perceptual.convnext_s.network"]))
    }
    return lines
  }

  private var adversarial: String {
    guard let adversarial = losses.adversarial else { return off("adversarial") }
    return line(
      "adversarial",
      "\(adversarial.discriminator.rawValue) × \(adversarial.weight) from step \(adversarial.start)",
      adversarial.discriminator == .dino ? ["adversarial.backbone"] : [])
  }

  private var alignment: String {
    guard let alignment = losses.alignment else { return off("alignment") }
    let (encoder, decoder) = (alignment.encoder.weight, alignment.decoder.weight)
    return line(
      "alignment", "\(alignment.network.rawValue), encoder × \(encoder), decoder × \(decoder)",
      ["alignment.file"])
  }

  private func off(_ loss: String) -> String {
    "loss \(loss): off, the configuration has no section losses.\(loss)"
  }

  /// A loss that is on, with its files, or off for want of one.
  private func line(_ loss: String, _ text: String, _ keys: [String]) -> String {
    let keys = keys.map { "losses." + $0 }
    let found = keys.compactMap { key in files.first { $0.key == key } }
    guard found.count == keys.count else {
      let missing = keys.filter { key in !found.contains { $0.key == key } }
      return "loss \(loss): off, \(missing.joined(separator: " and ")) names no file (\(text))"
    }
    let names = found.map { ", \($0.path) (\($0.digest))" }
    return "loss \(loss): on, \(text)\(names.joined())"
  }
}
