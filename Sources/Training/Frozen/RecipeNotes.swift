import Configurations

/// What the log of a run says of its losses at the start: which are on, with which files, and which are off.
struct RecipeNotes {
  let losses: TokenizerRunConfiguration.Losses
  let files: [RecipeNetworks.File]

  /// The lines, one a loss.
  var lines: [String] {
    [
      "loss reconstruction: on, \(losses.reconstruction.kind.rawValue) × \(losses.reconstruction.weight)",
      perceptual, adversarial, alignment,
    ]
  }

  private var perceptual: String {
    guard let perceptual = losses.perceptual else { return off("perceptual") }
    var parts: [String] = []
    if let lpips = perceptual.lpips {
      parts.append(
        part(
          "lpips × \(lpips.weight)", ["perceptual.lpips.network", "perceptual.lpips.linear"]))
    }
    if let convNeXt = perceptual.convNeXt {
      parts.append(part("convnext_s × \(convNeXt.weight)", ["perceptual.convnext_s.network"]))
    }
    return "loss perceptual: × \(perceptual.weight), \(parts.joined(separator: "; "))"
  }

  private var adversarial: String {
    guard let adversarial = losses.adversarial else { return off("adversarial") }
    let name = adversarial.discriminator.rawValue
    let text = "\(name) × \(adversarial.weight) from step \(adversarial.start) on"
    guard adversarial.discriminator == .dino else { return "loss adversarial: on, \(text)" }
    return "loss adversarial: \(part(text, ["adversarial.backbone"]))"
  }

  private var alignment: String {
    guard let alignment = losses.alignment else { return off("alignment") }
    let text =
      "\(alignment.network.rawValue), encoder × \(alignment.encoder.weight), decoder × "
      + "\(alignment.decoder.weight)"
    return "loss alignment: \(part(text, ["alignment.file"]))"
  }

  private func off(_ loss: String) -> String {
    "loss \(loss): off, the configuration has no section losses.\(loss)"
  }

  /// A part that is on with its files, or off for want of one.
  private func part(_ text: String, _ keys: [String]) -> String {
    let keys = keys.map { "losses." + $0 }
    let found = keys.compactMap { key in files.first { $0.key == key } }
    guard found.count == keys.count else {
      let missing = keys.filter { key in !found.contains { $0.key == key } }
      return "\(text): off, there is no file at \(missing.joined(separator: " and "))"
    }
    return "\(text): on, " + found.map { "\($0.path) (\($0.digest))" }.joined(separator: ", ")
  }
}
