import ArrayFiles
import Autodiff
import FeatureNetworks
import Tensors
import TestSupport
import Testing

/// Inception-v3 at an eighth of its width against a PyTorch program.
@Suite struct InceptionGoldenTests {
  @Test(arguments: GoldenCase.inceptions)
  func featuresAgreeWithPyTorch(golden: GoldenCase) throws {
    let file = try golden.tensors()
    let frozen = try FrozenNetwork(inception: file.weights(after: "param."))
    var errors = GoldenErrors(golden)
    let inputs = file.names(after: "in.").sorted()
    #expect(!inputs.isEmpty)
    for name in inputs {
      let stored = try file.tensor("in.\(name)")
      let (height, width) = (stored.shape[1], stored.shape[2])
      let pixels = try stored.int64s().map { UInt8($0) }
      let tape = Tape(isRecording: false)
      var met: Set = ["resized"]
      if name == "0" {
        try compareInside(InceptionInput.resized(pixels, height: height, width: width), file)
        tape.observer = { name, value in
          guard let expected = try? file.map("mid.\(name)") else { return }
          met.insert(name)
          errors.compare(
            value.doubles, expected.map(Double.init), tolerance: 1e-4, as: "mid", name)
        }
      }
      let features = frozen.network(
        Variable(
          constant: InceptionInput.normalized(pixels, height: height, width: width), on: tape))
      tape.observer = nil
      if name == "0" { #expect(met == Set(file.names(after: "mid."))) }
      for (kind, value) in [
        ("pool", features.pool), ("spatial", features.spatial),
        ("logits_unbiased", features.logits),
      ] {
        errors.compare(
          value.value.doubles, try file.doubles("out.\(name).\(kind)"), tolerance: 1e-4,
          as: kind, "\(kind) of image \(name)")
      }
    }
    errors.report()
  }

  /// Every 23rd row of the resized image, bit for bit, published channel by channel.
  private func compareInside(_ resized: [Float], _ file: SafetensorsFile) throws {
    let size = InceptionInput.size
    let rows = stride(from: 0, to: size, by: 23).flatMap { row in
      resized[3 * row * size..<3 * (row + 1) * size]
    }
    #expect(rows == (try file.map("mid.resized")))
  }
}

extension SafetensorsFile {
  /// A map `[channels, height, width]` of the file with the channels last.
  fileprivate func map(_ name: String) throws -> [Float] {
    let stored = try tensor(name)
    try #require(stored.shape.count == 3, "\(name) has shape \(stored.shape)")
    return channelsLast(
      try stored.floats(), planeSize: stored.shape[1] * stored.shape[2],
      channelCount: stored.shape[0])
  }
}
