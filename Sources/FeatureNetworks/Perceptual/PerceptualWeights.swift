public import ArrayFiles
public import Autodiff
public import Tensors

/// The weights that LPIPS gives the channels of each tap.
///
/// Source: Zhang et al. 2018, section 3 (`lin`); files of the package `lpips`, version 0.1.
public struct PerceptualWeights {
  /// A weight for each channel of each tap, `[widths[i]]`; not negative.
  public let channels: [Parameter]
  /// Where the parameters are; they do not keep it alive themselves.
  private let arena: ParameterArena

  /// Creates the parameters `lin0.model.1.weight`, `lin1.model.1.weight`, … in a scope.
  public init(widths: [Int], in scope: ParameterScope) {
    arena = scope.arena
    channels = widths.enumerated().map { index, width in
      scope["lin\(index)"]["model"][1].parameter(
        "weight", [width], .constant(1), layout: .same(shape: [1, width, 1, 1]))
    }
  }
}

extension FrozenNetwork<PerceptualWeights> {
  /// Reads the weights for a network's taps.
  ///
  /// - Parameters:
  ///   - file: A file in the naming of the package `lpips`.
  ///   - widths: Channels of the taps.
  ///   - operandType: The operand type of the tapes that they will be used on.
  /// - Throws: What reading any network throws; `ArrayFileError` for a negative weight.
  public init(
    perceptualWeights file: WeightsFile, widths: [Int], operandType: ElementType
  ) throws {
    try self.init(file, operandType: operandType) { PerceptualWeights(widths: widths, in: $0) }
    for parameter in network.channels {
      guard let least = parameter.value.array(of: Float.self).min(), least < 0 else { continue }
      throw ArrayFileError(
        file: file.path, array: parameter.name,
        problem: "it has the weight \(least), and weights of distances are not negative",
        advice: "Check that the file is the one meant.")
    }
  }
}
