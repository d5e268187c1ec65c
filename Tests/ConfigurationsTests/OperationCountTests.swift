import Configurations
import Foundation
import HierarchicalGenerator
import ResidualTokenizer
import Testing

/// The operations of the benchmark sizes against a count of the PyTorch program's operations.
@Suite struct OperationCountTests {
  private static let configurations = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Configs/bench").path

  // Forward and step of one sample in GFLOP, by torch.utils.flop_counter over a forward and a
  // backward pass.
  @Test(arguments: [
    ("tok-xs-32", 1.03, 3.07), ("tok-s-128", 90.15, 270.31), ("tok-b-256", 471.07, 1412.73),
    ("tok-l-256", 865.22, 2595.18), ("gen-xs", 0.10, 0.31), ("gen-b", 23.35, 70.06),
    ("gen-l", 81.07, 243.20),
  ])
  func countsAreThoseOfPyTorch(name: String, forward: Double, step: Double) throws {
    let counts: (forward: Int, step: Int) =
      switch try AnyRunConfiguration(contentsOf: "\(Self.configurations)/\(name).yaml") {
      case .tokenizer(let configuration):
        (configuration.model.forwardOperationCount, configuration.model.stepOperationCount)
      case .generator(let configuration):
        (configuration.model.forwardOperationCount, configuration.model.stepOperationCount)
      }
    // PyTorch's figures have two decimals, and the smallest of them two digits.
    #expect(abs(Double(counts.forward) / 1e9 - forward) <= 0.0002 * forward + 0.005, "\(counts)")
    #expect(abs(Double(counts.step) / 1e9 - step) <= 0.0002 * step + 0.005, "\(counts)")
    #expect(abs(Double(counts.step) / 1e9 / step - 1) < 0.02)
  }

  @Test func alignmentDoublesTheDecoder() throws {
    guard
      case .tokenizer(let configuration) = try AnyRunConfiguration(
        contentsOf: "\(Self.configurations)/tok-l-256.yaml")
    else { throw CocoaError(.fileReadUnknown) }
    var model = configuration.model
    let before = model.forwardOperationCount
    model.alignmentWidth = 1
    // 24 blocks over 256 cells and 128 latents, and the two projections to one number.
    let second = 24 * 2 * 384 * 12 * 1024 * 1024
    #expect(model.forwardOperationCount - before == second + 2 * 1024 + 2 * 256 * 1024)
  }
}
