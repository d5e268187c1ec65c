package import ArrayFiles
package import FeatureNetworks

/// An Inception-v3 and the digest of its file.
package struct InceptionFile {
  /// The network.
  package let network: FrozenNetwork<Inception>
  /// What certificates say of it.
  package let record: NetworkRecord

  /// Reads the network; on every rank.
  ///
  /// - Throws: What reading any network throws.
  package init(path: String) throws {
    network = try FrozenNetwork(inception: WeightsFile(contentsOf: path))
    record = NetworkRecord(
      digest: try ContentDigest.ofFile(at: path).prefixed, precision: "float32",
      input: "299x299 as TensorFlow 1 resizes, (x - 128) / 128")
  }
}

/// A perceptual distance and the digests of its files.
package struct PerceptualFiles {
  /// The distance.
  package let distance: PerceptualDistance
  /// What certificates say of it.
  package let record: NetworkRecord
  /// The name of its figure.
  package let name: String

  /// Reads AlexNet or VGG-16 and the weights of its taps; on every rank.
  ///
  /// - Parameter paths: A file in torchvision's naming and one in that of the package `lpips`, or one that has both.
  /// - Throws: `ArrayFileError` for another number of files, or where none has the first convolution; what
  ///   reading any network throws.
  package init(paths: [String]) throws {
    let files = try paths.map { try WeightsFile(contentsOf: $0) }
    let digests = try paths.map { try ContentDigest.ofFile(at: $0).prefixed }
    try self.init(
      files.flatMap(\.tensors), digest: digests.joined(separator: " "),
      path: paths.joined(separator: ", "))
  }

  /// Takes the tensors of files that were read already.
  package init(_ tensors: [any StoredTensor], digest: String, path: String) throws {
    guard let first = tensors.first(where: { $0.name == "features.0.weight" }),
      first.shape.count == 4, Set(tensors.map(\.name)).count == tensors.count
    else {
      throw ArrayFileError(
        file: path, array: "features.0.weight",
        problem: "the files have no first convolution of AlexNet or VGG-16, or a tensor twice",
        advice: "Name torchvision's file of the network and the file of the package lpips for it.")
    }
    let architecture: PerceptualArchitecture = first.shape[2] == 11 ? .alexNet : .vgg16
    func part(_ isLinear: Bool) -> WeightsFile {
      WeightsFile(tensors.filter { $0.name.hasPrefix("lin") == isLinear }, path: path)
    }
    let network = try FrozenNetwork(
      perceptual: part(false), architecture, operandType: .float32)
    distance = PerceptualDistance(
      network: network,
      weights: try FrozenNetwork(
        perceptualWeights: part(true), widths: network.network.widths, operandType: .float32))
    name = "lpips_\(architecture.rawValue.lowercased())"
    record = NetworkRecord(
      digest: digest, precision: "float32", input: "the image's own size, 2x - 1")
  }
}
