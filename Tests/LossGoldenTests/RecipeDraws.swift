import ArrayFiles
import Discriminators
import FeatureNetworks
import TestSupport
import Training

/// What the steps of a case draw, as the file has it.
struct RecipeDraws {
  private let keep: [Int32]
  private let jitter: [Int32]
  private let passes: [DiscriminatorPass: PassDraws]
  private let sampleCount: Int

  init(_ file: SafetensorsFile, sampleCount: Int) throws {
    keep = try file.int32s("in.keep")
    jitter = try file.int32s("in.jitter")
    self.sampleCount = sampleCount
    let names: [DiscriminatorPass: String] = [
      .generator: "generator", .real: "real", .fake: "fake",
    ]
    passes = try names.mapValues { try PassDraws(file, "in.\($0)", sampleCount: sampleCount) }
  }

  /// How many tokens each sample of a step keeps.
  func keepCounts(_ step: Int) -> [Int] {
    keep[step * sampleCount..<(step + 1) * sampleCount].map { Int($0) }
  }

  /// The draws of the losses in a step.
  func losses(_ step: Int) -> LossDraws {
    let cuts = jitter[4 * step..<4 * step + 4].map { Int($0) }
    return LossDraws(
      jitter: PerceptualJitter(top: cuts[0], bottom: cuts[1], left: cuts[2], right: cuts[3]),
      views: passes.mapValues { $0.draws(step) })
  }
}

/// What one pass of the discriminator draws in all steps.
private struct PassDraws {
  private let apply: [Int32]
  private let amounts: (brightness: [Double], saturation: [Double], contrast: [Double])
  private let shift: [Int32]
  private let hole: [Int32]
  private let crop: [Int32]
  private let sampleCount: Int

  init(_ file: SafetensorsFile, _ prefix: String, sampleCount: Int) throws {
    self.sampleCount = sampleCount
    func integers(_ name: String) throws -> [Int32] { try file.int32s("\(prefix).\(name)") }
    func numbers(_ name: String) throws -> [Double] { try file.doubles("\(prefix).\(name)") }
    (apply, shift, hole) = (try integers("apply"), try integers("shift"), try integers("hole"))
    crop = try integers("crop")
    amounts = (try numbers("brightness"), try numbers("saturation"), try numbers("contrast"))
  }

  func draws(_ step: Int) -> DinoDiscriminator.Draws {
    func place(_ values: [Int32], _ index: Int) -> DiffAugment.PixelPlace {
      DiffAugment.PixelPlace(row: Int(values[2 * index]), column: Int(values[2 * index + 1]))
    }
    let samples = (step * sampleCount..<(step + 1) * sampleCount).map { index in
      DiffAugment.Sample(
        brightness: Float(amounts.brightness[index]),
        saturation: Float(amounts.saturation[index]), contrast: Float(amounts.contrast[index]),
        shift: place(shift, index), hole: place(hole, index))
    }
    let isOn = apply[3 * step..<3 * step + 3].map { $0 != 0 }
    let corner = place(crop, step)
    return DinoDiscriminator.Draws(
      augmentation: DiffAugment.Draws(
        changesColors: isOn[0], translates: isOn[1], cuts: isOn[2], samples: samples),
      view: corner.row < 0 ? .whole : .window(row: corner.row, column: corner.column))
  }
}
