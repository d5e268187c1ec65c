import ArrayFiles
import Autodiff
import Discriminators
import Tensors
import TestSupport
import Testing

/// DiffAugment, and the losses on logits, against a PyTorch program.
@Suite struct AdversarialLossGoldenTests {
  private struct AugmentationFields: Decodable {
    var translation: Double
    var cutout: Double
  }

  @Test(arguments: GoldenCase.augmentations)
  func augmentationsAgreeWithPyTorch(golden: GoldenCase) throws {
    let (file, fields) = (try golden.tensors(), try golden.fields(AugmentationFields.self))
    let augment = DiffAugment(translation: fields.translation, cutout: fields.cutout)
    var errors = GoldenErrors(golden)
    let variants = file.names(after: "out.")
    #expect(!variants.isEmpty)
    for variant in variants {
      let tape = Tape(isRecording: true)
      let images = Variable(input: try file.images("in.images"), on: tape)
      let y = augment(images, try file.augmentationDraws("in.\(variant)."))
      errors.compare(
        y.value.doubles, try file.images("out.\(variant)").doubles, tolerance: 1e-4, as: "values",
        variant)
      tape.backward(from: weightedTotal(y, try file.images("in.cotangent")))
      errors.compare(
        try #require(images.adjoint?.gradient).doubles,
        try file.images("grad.in.images.\(variant)").doubles, tolerance: 1e-3, as: "gradients",
        "gradient of \(variant)")
    }
    errors.report()
  }

  private struct LossFields: Decodable {
    var lecamWeight: Float
    var lecamDecay: Double
  }

  @Test(arguments: GoldenCase.adversarialLosses)
  func lossesAgreeWithPyTorch(golden: GoldenCase) throws {
    let (file, fields) = (try golden.tensors(), try golden.fields(LossFields.self))
    var errors = GoldenErrors(golden)
    let buffers = ParameterArena()
    let leCam = LeCamState(decay: fields.lecamDecay, buffers: ParameterScope(buffers))
    buffers.allocate(forTraining: false)
    buffers.initialize(seed: 1)
    for step in 0..<(try file.tensor("in.real").shape[0]) {
      func part(_ name: String) throws -> Tensor {
        let all = try file.floats(name)
        return all.slice(step..<step + 1).reshaped(to: Array(all.shape.dropFirst()))
      }
      let tape = Tape(isRecording: true)
      let real = Variable(input: try part("in.real"), on: tape)
      let fake = Variable(input: try part("in.fake"), on: tape)
      let loss = DiscriminatorLoss(real: real, fake: fake, means: leCam.means, share: 1)
      leCam.advance(realMean: loss.realMean, fakeMean: loss.fakeMean)
      tape.backward(from: weightedSum([(loss.hinge, 1), (loss.leCam, fields.lecamWeight)]))
      for (name, value) in [
        ("hinge", loss.hinge.value.doubles), ("lecam", loss.leCam.value.doubles),
        ("gan", generatorLoss(fake.detached, share: 1).value.doubles),
        ("lecam_means", [Double(leCam.means.real), Double(leCam.means.fake)]),
      ] {
        errors.compare(
          value, try part("out.\(name)").doubles, tolerance: 1e-4, as: "values",
          "\(name) of step \(step)")
      }
      for (name, input) in [("real", real), ("fake", fake)] {
        errors.compare(
          try #require(input.adjoint?.gradient).doubles, try part("grad.in.\(name)").doubles,
          tolerance: 1e-3, as: "gradients", "gradient of \(name) of step \(step)")
      }
    }
    errors.report()
  }
}

extension SafetensorsFile {
  /// The draws of an augmentation that follow a prefix.
  func augmentationDraws(_ prefix: String) throws -> DiffAugment.Draws {
    let isOn = try int32s(prefix + "apply").map { $0 != 0 }
    let amounts = try ["brightness", "saturation", "contrast"].map {
      try floats(prefix + $0).array(of: Float.self)
    }
    let (shift, hole) = (try int32s(prefix + "shift"), try int32s(prefix + "hole"))
    func place(_ places: [Int32], _ sample: Int) -> DiffAugment.PixelPlace {
      DiffAugment.PixelPlace(row: Int(places[2 * sample]), column: Int(places[2 * sample + 1]))
    }
    return DiffAugment.Draws(
      changesColors: isOn[0], translates: isOn[1], cuts: isOn[2],
      samples: amounts[0].indices.map { sample in
        DiffAugment.Sample(
          brightness: amounts[0][sample], saturation: amounts[1][sample],
          contrast: amounts[2][sample], shift: place(shift, sample), hole: place(hole, sample))
      })
  }
}
