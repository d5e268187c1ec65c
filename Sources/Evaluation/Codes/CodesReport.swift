import Foundation
public import Reporting

/// What `restok codes verify` found out about a file of codes.
public struct CodesReport: CommandReport, Codable, Equatable {
  /// What rows of codes and images are matched by.
  public enum Basis: String, Codable, Sendable {
    /// The keys of both.
    case keys
    /// The order of both, which have as many.
    case order
  }

  /// The scores of one crop, means over the images that were looked at.
  public struct Crop: Codable, Sendable, Equatable {
    /// Its number.
    public var number: Int
    /// Peak signal-to-noise ratio of what the codes decode to, in decibels; nil where all of it is equal to the crops.
    public var ratio: Double?
    /// The same of codes that were made here.
    public var ratioOfOwnCodes: Double?
    /// SSIM of what the codes decode to; nil where the images are too small for.
    public var structure: Double?
    /// The part of the tokens that encoding gives again.
    public var reproducedShare: Double

    private enum CodingKeys: String, CodingKey {
      case number = "crop"
      case ratio = "psnr"
      case ratioOfOwnCodes = "psnr_of_own_codes"
      case structure = "ssim"
      case reproducedShare = "reproduced_share"
    }
  }

  /// What follows for a training on the codes.
  public enum Verdict: String, Codable, Sendable {
    /// They are of the images, crops and tokenizer.
    case sound
    /// Nothing is wrong, but the tokenizer gives different images the same tokens, so that theirs would agree too.
    case undecided
    /// Something is wrong.
    case unfit

    var description: String {
      switch self {
      case .sound: "the codes are of these images, crops and tokenizer"
      case .undecided:
        "nothing is wrong, but whose the codes are cannot be told with this tokenizer"
      case .unfit: "do not train on these codes"
      }
    }
  }

  /// The file.
  public var codes: String
  /// Images in it.
  public var imageCount: Int
  /// Images that were looked at.
  public var lookedAtCount: Int
  /// What rows and images were matched by.
  public var basis: Basis
  /// The crops of an image.
  public var crops: [Crop]
  /// What is wrong; nothing of codes that can be trained on.
  public var problems: [String]
  /// What to bear in mind.
  public var warnings: [String]
  /// Whether the tokenizer tells images apart: where it does not, agreement says nothing.
  public var tellsImagesApart: Bool

  private enum CodingKeys: String, CodingKey {
    case codes
    case imageCount = "images"
    case lookedAtCount = "looked_at"
    case basis = "matched_by"
    case crops
    case problems
    case warnings
    case tellsImagesApart = "tells_images_apart"
  }

  /// Whether nothing is wrong.
  public var isSound: Bool { problems.isEmpty }

  /// What follows.
  public var verdict: Verdict { isSound ? (tellsImagesApart ? .sound : .undecided) : .unfit }

  /// A line a crop, what is wrong, and the verdict.
  public var description: String {
    var lines = [
      "\(codes): \(lookedAtCount) of \(imageCount) images looked at, matched by "
        + (basis == .keys ? "their keys" : "their order")
    ]
    lines += crops.map { crop in
      let ratios = [crop.ratio, crop.ratioOfOwnCodes].map { ratio in
        ratio.map { String(format: "%.2f", $0) } ?? "infinite"
      }
      let structure = crop.structure.map { String(format: ", SSIM %.4f", $0) } ?? ""
      return String(
        format:
          "crop %ld: PSNR %@ dB (own codes %@)%@, %.2f %% of the tokens as encoding gives them",
        crop.number, ratios[0], ratios[1], structure, 100 * crop.reproducedShare)
    }
    lines += warnings.map { "bear in mind: \($0)" } + problems.map { "wrong: \($0)" }
    return (lines + [verdict.description]).joined(separator: "\n")
  }
}
