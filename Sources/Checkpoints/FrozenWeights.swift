public import ArrayFiles
public import Autodiff
import Tensors

/// The weights of networks that are not trained, from files in their public naming.
public enum FrozenWeights {
  /// Compares a file with an arena as `read` does, one tensor at a time, and keeps nothing.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - arena: The network's parameters, not allocated.
  ///   - isIgnored: Names in the file that are passed over.
  /// - Throws: What `read` throws.
  public static func check(
    _ file: WeightsFile, against arena: ParameterArena,
    ignoring isIgnored: (String) -> Bool = { _ in false }
  ) throws {
    let layouts = ParameterLayout.layouts(of: arena)
    let tensors = try PublishedWeights.tensors(of: file, layouts: layouts) {
      isIgnored($0) ? nil : $0
    }
    for layout in layouts {
      guard let tensor = tensors[layout.name] else { continue }
      _ = try finite(tensor, layout, file)
    }
  }

  private static func finite(
    _ tensor: any StoredTensor, _ layout: ParameterLayout, _ file: WeightsFile
  ) throws -> Tensor {
    let values = Tensor(try tensor.floats(), shape: tensor.shape)
    guard values.isFinite else {
      throw NotFiniteWeights(path: file.path, tensor: layout.name).foreign(tensor: layout.name)
    }
    return values
  }

  /// Allocates an arena without gradients and reads a file into it.
  ///
  /// Memory is taken once names and shapes are right, so never more than the file has elements.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - arena: The network's parameters, not yet allocated; of no use when this throws.
  ///   - isIgnored: Names in the file that are passed over.
  /// - Throws: `WeightMismatch`, which lists all missing, extra, ill-shaped and ill-typed tensors;
  ///   `NotFiniteWeights`; `ArrayFileError` when the file is malformed.
  public static func read(
    _ file: WeightsFile, into arena: ParameterArena,
    ignoring isIgnored: (String) -> Bool = { _ in false }
  ) throws {
    let layouts = ParameterLayout.layouts(of: arena)
    let tensors = try PublishedWeights.tensors(of: file, layouts: layouts) {
      isIgnored($0) ? nil : $0
    }
    arena.allocateFrozen()
    for (parameter, layout) in zip(arena.parameters, layouts) {
      guard let tensor = tensors[layout.name] else { continue }
      parameter.assign(layout.arranged(try finite(tensor, layout, file)))
    }
  }
}
