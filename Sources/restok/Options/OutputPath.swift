import ArgumentParser

/// Where pictures go.
enum OutputPath {
  /// The help of an option of this kind.
  static let help = ArgumentHelp(
    "A folder for PNG files, or a file by its ending: .png (a grid), .npy or .npz.",
    valueName: "path")
}
