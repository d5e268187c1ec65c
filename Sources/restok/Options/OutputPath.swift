import ArgumentParser
import Foundation

/// Where pictures go, by the ending of the path.
struct OutputPath: ExpressibleByArgument, Equatable {
  /// What is written.
  enum Kind: Equatable {
    /// A folder of PNG files.
    case folder
    /// One PNG file with all pictures in a grid.
    case grid
    /// An array of uint8, `N x H x W x 3`.
    case npy
    /// The same array in an archive, under the name `arr_0`.
    case npz
  }

  let path: String
  let kind: Kind

  init?(argument: String) {
    guard !argument.isEmpty else { return nil }
    path = argument
    kind =
      switch (argument as NSString).pathExtension.lowercased() {
      case "png": .grid
      case "npy": .npy
      case "npz": .npz
      default: .folder
      }
  }

  /// The help of an option of this type.
  static let help = ArgumentHelp(
    "A folder for PNG files, or a file by its ending: .png (a grid), .npy or .npz.",
    valueName: "path")
}
