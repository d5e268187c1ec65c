import ArrayFiles
import Autodiff
import Tensors
import TestSupport
import Testing
import Training

/// The networks of a case in training, held against the file.
struct RecipeRun {
  private let golden: GoldenCase
  private let file: SafetensorsFile
  private let fields: RecipeFields
  private let networks: [Network]

  init(
    _ golden: GoldenCase, _ file: SafetensorsFile, _ fields: RecipeFields, _ networks: [Network]
  ) {
    (self.golden, self.file, self.fields, self.networks) = (golden, file, fields, networks)
  }

  /// LeCam's means, which the file has after each step.
  private static let means = ["ema_real_logits_mean", "ema_fake_logits_mean"]

  /// Allocates both networks and fills them from `param.*`: the names must be the same.
  func begin() throws {
    #expect(networks.map(\.name) == ["tokenizer", "discriminator"])
    var names: Set<String> = []
    for network in networks {
      network.allocate(operandType: .float32)
      network.initialize(seed: 1)
      let parameters = network.arena.parameters + network.buffers.parameters
      for parameter in parameters where !Self.means.contains(parameter.name) {
        let stored = try file.tensor("param.\(parameter.name)")
        try #require(stored.shape == parameter.publishedShape, "\(parameter.name)")
        parameter.value.buffer.copy(from: parameter.arranged(try stored.floats()))
        names.insert(parameter.name)
      }
    }
    networks[0].beginAverage()
    #expect(Set(file.names(after: "param.").filter { !$0.hasSuffix(".kernel") }) == names)
  }

  /// LeCam's means after a step; they are 0 before the start.
  func compareState(after step: Int, _ errors: inout GoldenErrors) throws {
    let means = try Self.means.map { name in
      Double(try #require(networks[1].buffers[name]).value.scalar)
    }
    let expected = Array(try file.doubles("out.lecam_means")[2 * step..<2 * step + 2])
    errors.compare(means, expected, tolerance: 1e-3, as: "state", "LeCam's means, step \(step)")
    if step == fields.discriminatorStart { try compareGradients(&errors) }
  }

  /// The gradients of the present step, before clipping.
  private func compareGradients(_ errors: inout GoldenErrors) throws {
    let names = Set(file.names(after: "grad."))
    for network in networks {
      let parameters = network.arena.parameters.filter { names.contains($0.name) }
      #expect(!parameters.isEmpty)
      for parameter in parameters {
        errors.compare(
          parameter.published(network.arena.gradients), try file.doubles("grad.\(parameter.name)"),
          tolerance: 1e-3, as: "gradients", "gradient of \(parameter.name)")
      }
    }
  }

  /// Losses, norms and rates of all steps.
  func compareFigures(_ reports: [StepReport], _ errors: inout GoldenErrors) throws {
    let start = fields.discriminatorStart
    func metric(_ name: String, _ phase: Int) -> [Double] {
      reports.map { report in
        guard phase < report.phases.count else { return 0 }
        return report.phases[phase].agreement.metrics.first { $0.name == name }?.value ?? 0
      }
    }
    let later = reports.dropFirst(start)
    #expect(reports.prefix(start).allSatisfy { $0.phases.count == 1 })
    #expect(later.allSatisfy { $0.phases.count == 2 })
    let figures: [(name: String, actual: [Double])] = [
      ("total", reports.map(\.phases[0].agreement.lossSum)),
      ("reconstruction", metric("reconstruction", 0)), ("perceptual", metric("lpips", 0)),
      ("commitment", metric("commitment", 0)), ("codebook", metric("codebook", 0)),
      ("alignment_encoder", metric("alignment_encoder", 0)),
      ("alignment_decoder", metric("alignment_decoder", 0)), ("gan", metric("adversarial", 0)),
      ("norm", reports.map(\.phases[0].gradientNorm)),
      ("rate", reports.map(\.phases[0].learningRate)), ("hinge", metric("hinge", 1)),
      ("lecam", metric("lecam", 1)), ("logits_real", metric("logits_real", 1)),
      ("logits_fake", metric("logits_fake", 1)),
    ]
    for (name, actual) in figures {
      errors.compare(
        actual, try file.doubles("out.\(name)"), tolerance: 1e-4, as: "figures", name)
    }
    for (name, actual) in [
      ("discriminator", later.map(\.phases[1].agreement.lossSum)),
      ("discriminator_norm", later.map(\.phases[1].gradientNorm)),
      ("discriminator_rate", later.map(\.phases[1].learningRate)),
    ] {
      errors.compare(
        actual, Array(try file.doubles("out.\(name)").dropFirst(start)), tolerance: 1e-4,
        as: "figures", name)
    }
  }

  /// Weights and state of both networks and the moving average, after the last step.
  func compareWeights(_ errors: inout GoldenErrors) throws {
    for network in networks {
      let arrays = [
        (network.arena, network.arena.values), (network.buffers, network.buffers.values),
      ]
      for (arena, array) in arrays {
        for parameter in arena.parameters
        where !fields.undetermined.contains(parameter.name) && !Self.means.contains(parameter.name)
        {
          errors.compare(
            parameter.published(array), try file.doubles("out.param.\(parameter.name)"),
            tolerance: 1e-3, as: arena === network.arena ? "weights" : "state", parameter.name)
        }
      }
    }
    let average = try #require(networks[0].state.movingAverage)
    #expect(networks[1].state.movingAverage == nil)
    for parameter in networks[0].arena.parameters {
      errors.compare(
        parameter.published(average), try file.doubles("out.ema.\(parameter.name)"),
        tolerance: 1e-3, as: "ema", "average of \(parameter.name)")
    }
  }
}
