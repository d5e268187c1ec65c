import ArrayFiles
import Autodiff
import Discriminators
import Optimizers
import Tensors
import TestSupport
import Testing

/// The settings of a discriminator's updates in the field names of the PyTorch program.
struct UpdateFields: Decodable {
  var learningRate: Double
  var beta1: Double
  var beta2: Double
  var epsilon: Double
  var weightDecay: Double
  var lecamWeight: Float
  var lecamDecay: Double
  /// Parameters whose gradients are nothing but rounding.
  var undetermined: [String]
}

/// A discriminator's training as golden files have it, whatever the discriminator.
struct DiscriminatorTraining {
  let arena = ParameterArena()
  let buffers = ParameterArena()
  private let fields: UpdateFields
  private let leCamBuffers = ParameterArena()
  private let leCam: LeCamState

  init(_ fields: UpdateFields) {
    self.fields = fields
    leCam = LeCamState(decay: fields.lecamDecay, buffers: ParameterScope(leCamBuffers))
  }

  /// Allocates everything, and fills parameters and buffers from `param.*`: the names must be the same.
  func read(
    _ file: SafetensorsFile, operandType: ElementType = .float32,
    ignoring isIgnored: (String) -> Bool = { _ in false }
  ) throws {
    arena.allocate(forTraining: true, operandType: operandType)
    for buffers in [buffers, leCamBuffers] {
      buffers.allocate(forTraining: false)
      buffers.initialize(seed: 1)
    }
    let parameters = arena.parameters + buffers.parameters
    let names = file.names(after: "param.").filter { !isIgnored($0) }
    #expect(Set(names) == Set(parameters.map(\.name)))
    for parameter in parameters {
      let stored = try file.tensor("param.\(parameter.name)")
      try #require(stored.shape == parameter.publishedShape, "\(parameter.name)")
      parameter.value.buffer.copy(from: parameter.arranged(try stored.floats()))
    }
    arena.refreshOperands()
  }

  /// A tape on which the discriminator is constant.
  func generatorTape() -> Tape { arena.makeTape(isRecording: true, frozenArenas: [arena]) }

  /// Compares the logits of the generator's pass, and the gradient of its loss.
  func compareGenerator(
    _ logits: Variable, _ images: Variable, _ file: SafetensorsFile, _ errors: inout GoldenErrors
  ) throws {
    errors.compare(
      logits.value.doubles, try file.doubles("out.generator.logits"), tolerance: 1e-4, as: "values",
      "logits of the generator's pass")
    logits.tape.backward(from: generatorLoss(logits, share: 1))
    errors.compare(
      try #require(images.adjoint?.gradient).doubles,
      try file.images("grad.in.generator").doubles, tolerance: 1e-3, as: "gradients",
      "gradient of the images")
  }

  /// Compares the updates: logits, losses and means of each, gradients of the first, and what is left.
  ///
  /// - Parameters:
  ///   - file: The case's tensors.
  ///   - errors: Gets the differences.
  ///   - judge: The logits of the images of a pass of an update.
  /// - Throws: `ArrayFileError` when the file lacks something.
  func compareUpdates(
    _ file: SafetensorsFile, _ errors: inout GoldenErrors,
    judge: (_ images: Variable, _ pass: DiscriminatorPass, _ step: Int) throws -> Variable
  ) throws {
    let optimizer = AdamW(
      .init(
        firstMomentDecay: fields.beta1, secondMomentDecay: fields.beta2, epsilon: fields.epsilon,
        weightDecay: fields.weightDecay), for: arena)
    var state = OptimizerState(for: arena, keepsAverage: false)
    let images = (real: try file.images("in.real"), fake: try file.images("in.fake"))
    for step in 0..<images.real.shape[0] {
      let tape = arena.makeTape(isRecording: true)
      func logits(_ images: Tensor, _ pass: DiscriminatorPass) throws -> Variable {
        let batch = images.slice(step..<step + 1).reshaped(to: Array(images.shape.dropFirst()))
        return try judge(Variable(constant: batch, on: tape), pass, step)
      }
      let (real, fake) = (try logits(images.real, .real), try logits(images.fake, .fake))
      let loss = DiscriminatorLoss(real: real, fake: fake, means: leCam.means, share: 1)
      let total = weightedSum([(loss.hinge, 1), (loss.leCam, fields.lecamWeight)])
      leCam.advance(realMean: loss.realMean, fakeMean: loss.fakeMean)
      for (name, value) in [
        ("logits_real", real.value.doubles), ("logits_fake", fake.value.doubles),
        ("hinge", loss.hinge.value.doubles), ("lecam", loss.leCam.value.doubles),
        ("loss", total.value.doubles),
        ("lecam_means", [Double(leCam.means.real), Double(leCam.means.fake)]),
      ] {
        let all = try file.doubles("out.\(name)")
        let expected = Array(all[step * value.count..<(step + 1) * value.count])
        errors.compare(
          value, expected, tolerance: 1e-4, as: "values", "\(name) of update \(step)")
      }
      tape.backward(from: total, into: arena)
      if step == 0 { try compareGradients(file, &errors) }
      optimizer.step(arena, state: &state, rate: fields.learningRate)
    }
    try compareResults(file, &errors)
  }

  /// Prints the largest errors, and what was left out.
  func report(_ errors: GoldenErrors, _ golden: GoldenCase) {
    errors.report()
    guard !fields.undetermined.isEmpty else { return }
    let names = fields.undetermined.joined(separator: " ")
    print("golden \(golden.testDescription): skipped, undetermined there: \(names)")
  }

  private var determined: [Parameter] {
    arena.parameters.filter { !fields.undetermined.contains($0.name) }
  }

  private func compareGradients(_ file: SafetensorsFile, _ errors: inout GoldenErrors) throws {
    let names = Set(file.names(after: "grad.").filter { !$0.hasPrefix("in.") })
    #expect(names == Set(determined.map(\.name)))
    for parameter in determined {
      errors.compare(
        parameter.published(arena.gradients), try file.doubles("grad.\(parameter.name)"),
        tolerance: 1e-3, as: "gradients", "gradient of \(parameter.name)")
    }
  }

  private func compareResults(_ file: SafetensorsFile, _ errors: inout GoldenErrors) throws {
    for parameter in determined {
      errors.compare(
        parameter.published(arena.values), try file.doubles("out.param.\(parameter.name)"),
        tolerance: 1e-3, as: "weights", "\(parameter.name) after the updates")
    }
    for parameter in buffers.parameters {
      errors.compare(
        parameter.published(buffers.values), try file.doubles("out.param.\(parameter.name)"),
        tolerance: 1e-3, as: "state", "\(parameter.name) after the updates")
    }
  }
}

extension SafetensorsFile {
  /// Sequences `[batch, channels, length]` of the file with the channels last.
  func sequences(_ name: String) throws -> [Double] {
    let stored = try tensor(name)
    try #require(stored.shape.count == 3, "\(name) has shape \(stored.shape)")
    return channelsLast(
      try stored.floats(), planeSize: stored.shape[2], channelCount: stored.shape[1]
    ).map(Double.init)
  }
}
