public import ArrayFiles
public import Autodiff
import Foundation
public import Testing

/// Compares with a case's numbers, and remembers the largest error of each kind.
public struct GoldenErrors {
  private let name: String
  private var largest: [(kind: String, error: Double)] = []

  /// Compares with a case, in a variant that messages name.
  public init(_ golden: GoldenCase, _ variant: String? = nil) {
    name = golden.testDescription + (variant.map { ", \($0)" } ?? "")
  }

  /// Expects `actual` within `tolerance` of `expected` in relative L2.
  public mutating func compare(
    _ actual: [Double], _ expected: [Double], tolerance: Double, floor: Double = 1e-6,
    as kind: String, _ label: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let error = expectClose(
      actual, expected, tolerance: tolerance, floor: floor, "\(name), \(label)",
      sourceLocation: sourceLocation)
    guard let index = largest.firstIndex(where: { $0.kind == kind }) else {
      return largest.append((kind, error))
    }
    largest[index].error = max(largest[index].error, error)
  }

  /// Expects every `grad.*` of the file and no other gradient within 1e-3 in relative L2.
  ///
  /// A gradient that is nothing but rounding has no relative error: below a millionth of the whole
  /// gradient's norm, errors are measured against that.
  public mutating func compareGradients(_ arena: ParameterArena, _ file: SafetensorsFile) throws {
    let names = Set(file.names(after: "grad."))
    #expect(names.isSubset(of: arena.parameters.map(\.name)), "\(name)")
    let expected = try arena.parameters.map { parameter in
      names.contains(parameter.name)
        ? try file.doubles("grad.\(parameter.name)")
        : [Double](repeating: 0, count: parameter.elementCount)
    }
    let norm = expected.joined().reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(norm > 0, "\(name): the file's gradients are zero")
    for (parameter, expected) in zip(arena.parameters, expected) {
      compare(
        parameter.published(arena.gradients), expected, tolerance: 1e-3, floor: 1e-6 * norm,
        as: "gradients", "gradient of \(parameter.name)")
    }
  }

  /// Prints the largest errors in one line.
  public func report() {
    let parts = largest.map { String(format: "%@ %.1e", $0.kind, $0.error) }
    print("golden \(name): \(parts.joined(separator: ", "))")
  }
}
