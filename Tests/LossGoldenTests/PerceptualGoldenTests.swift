import ArrayFiles
import Autodiff
import FeatureNetworks
import Tensors
import TestSupport
import Testing

/// LPIPS and the logits of ConvNeXt at reduced size against a PyTorch program and torchvision's network.
@Suite struct PerceptualGoldenTests {
  @Test(arguments: GoldenCase.perceptualDistances)
  func distancesAgreeWithPyTorch(golden: GoldenCase) throws {
    let file = try golden.tensors()
    let fields = try golden.fields(PerceptualFields.self)
    let distance = try fields.distance(file.weights(after: "param."))
    var errors = GoldenErrors(golden)
    for (index, map) in distance.directions(
      of: Variable(constant: try file.images("in.a"), on: Tape(isRecording: false))
    ).enumerated() {
      errors.compare(
        map.value.doubles, try file.images("mid.maps.\(index)").doubles, tolerance: 1e-4,
        as: "mid", "map \(index)")
    }
    #expect(file.names(after: "mid.maps.").count == fields.widths.count)
    try compare(distance, jitter: nil, file, &errors)
    let cuts = try file.int32s("in.jitter").map { Int($0) }
    let jitter = PerceptualJitter(top: cuts[0], bottom: cuts[1], left: cuts[2], right: cuts[3])
    try compare(distance, jitter: jitter, file, &errors)
    errors.report()
  }

  /// Distances, and the gradient of their mean with respect to the second images.
  private func compare(
    _ distance: PerceptualDistance, jitter: PerceptualJitter?, _ file: SafetensorsFile,
    _ errors: inout GoldenErrors
  ) throws {
    let tape = Tape(isRecording: true)
    let a = Variable(constant: try file.images("in.a"), on: tape)
    let b = Variable(input: try file.images("in.b"), on: tape)
    if let jitter {
      errors.compare(
        jitter(b).value.doubles, try file.images("mid.b_jittered").doubles, tolerance: 1e-4,
        as: "mid", "jittered images")
    }
    let distances = distance(jitter?(a) ?? a, jitter?(b) ?? b)
    errors.compare(
      distances.value.doubles,
      try file.doubles(jitter == nil ? "out.distance" : "out.distance_jittered"), tolerance: 1e-4,
      as: "values", "distance")
    tape.backward(from: sum(distances, scale: 1 / Float(distances.value.count)))
    errors.compare(
      try #require(b.adjoint?.gradient).doubles,
      try file.images(jitter == nil ? "grad.in.b" : "grad.in.b.jittered").doubles,
      tolerance: 1e-3, as: "gradients", "gradient")
  }

  @Test(arguments: GoldenCase.perceptualLosses)
  func logitsAndDistancesAgreeWithPyTorch(golden: GoldenCase) throws {
    let file = try golden.tensors()
    let fields = try golden.fields(PerceptualFields.self)
    let distance = try fields.distance(file.weights(after: "param.lpips."))
    let network = try FrozenNetwork(
      convNeXt: file.weights(after: "param.convnext."), operandType: .float32)
    #expect(network.network.configuration.widths == fields.convnextWidths)
    #expect(network.network.configuration.blockCounts == fields.convnextDepths)

    let tape = Tape(isRecording: true)
    let a = Variable(constant: try file.images("in.a"), on: tape)
    let b = Variable(input: try file.images("in.b"), on: tape)
    let scale = 1 / Float(a.shape[0])
    let lpips = sum(distance(a, b), scale: scale)
    let logits = logitLoss(network.network(a), network.network(b), scale: scale)
    let (first, second) = (fields.lpipsWeight ?? 1, fields.convnextWeight ?? 1)
    let total = weightedSum([
      (lpips, first / (first + second)), (logits, second / (first + second)),
    ])
    var errors = GoldenErrors(golden)
    for (name, value) in [("lpips", lpips), ("convnext", logits), ("loss", total)] {
      errors.compare(
        value.value.doubles, try file.doubles("out.\(name)"), tolerance: 1e-4, as: "values", name)
    }
    tape.backward(from: total)
    errors.compare(
      try #require(b.adjoint?.gradient).doubles, try file.images("grad.in.b").doubles,
      tolerance: 1e-3, as: "gradients", "gradient")
    errors.report()
  }
}

/// The configuration of a perceptual loss in the field names of the PyTorch program.
struct PerceptualFields: Decodable {
  var net: String
  var widths: [Int]
  var convnextWidths: [Int]?
  var convnextDepths: [Int]?
  var lpipsWeight: Float?
  var convnextWeight: Float?

  /// The distance with the weights of a file that holds both the network and the weights of its taps.
  func distance(
    _ file: WeightsFile, operandType: ElementType = .float32
  ) throws -> PerceptualDistance {
    let architecture: PerceptualArchitecture = net == "alexnet" ? .alexNet : .vgg16
    #expect(net == "alexnet" || net == "vgg16")
    func part(_ isWeight: Bool) -> WeightsFile {
      WeightsFile(
        file.tensors.filter { $0.name.hasPrefix("lin") == isWeight }, path: file.path)
    }
    let network = try FrozenNetwork(
      perceptual: part(false), architecture, operandType: operandType)
    #expect(network.network.widths == widths)
    let weights = try FrozenNetwork(
      perceptualWeights: part(true), widths: widths, operandType: operandType)
    return PerceptualDistance(network: network, weights: weights)
  }
}
