import Foundation

/// Makes a tree of what a pickle has made.
///
/// In the pickle a value may occur in several places, even in itself. A tree that is without end or
/// too deep is refused, and one that its places make too large, though the pickle is small.
struct PyTorchTree {
  private struct Part {
    var value: PyTorchValue
    /// Dictionaries, lists and tuples within each other.
    var depth: Int
    /// Values in it, itself included.
    var valueCount: Int
  }

  private enum State {
    case unvisited
    case begun
    case finished(Part)
  }

  private let graph: PickleGraph
  /// The bytes of each storage by its key.
  private let storages: [String: Data]
  private var states: [State]

  init(_ graph: PickleGraph, storages: [String: Data]) {
    self.graph = graph
    self.storages = storages
    states = Array(repeating: .unvisited, count: graph.containers.count)
  }

  /// The tree of a value.
  ///
  /// - Throws: `FormatProblem`, `SizeError`.
  mutating func value(of value: PickleValue) throws -> PyTorchValue {
    try part(value, name: "", level: 0).value
  }

  private mutating func part(_ value: PickleValue, name: String, level: Int) throws -> Part {
    switch value {
    case .none: leaf(PyTorchValue.none)
    case .boolean(let value): leaf(.boolean(value))
    case .integer(let value): leaf(.integer(value))
    case .real(let value): leaf(.real(value))
    case .text(let value): leaf(.text(value))
    case .tensor(let index): leaf(try .tensor(tensor(graph.tensors[index], name: name)))
    case .container(let index): try container(index, level: level)
    case .storage, .storageType, .function:
      throw FormatProblem.refused("a value is a storage or a function, not a tensor")
    }
  }

  private func leaf(_ value: PyTorchValue) -> Part { Part(value: value, depth: 0, valueCount: 1) }

  private func tensor(_ layout: PyTorchLayout, name: String) throws -> PyTorchTensor {
    guard let storage = storages[layout.storage.key] else {
      throw FormatProblem("storage '\(VisibleText.name(layout.storage.key))' is missing")
    }
    return PyTorchTensor(name: name, origin: graph.source, layout: layout, storage: storage)
  }

  private mutating func container(_ index: Int, level: Int) throws -> Part {
    switch states[index] {
    case .finished(let part): return part
    case .begun:
      throw FormatProblem("a \(graph.containers[index].kind) contains itself")
    case .unvisited:
      states[index] = .begun
      let part = try made(of: graph.containers[index], level: level)
      states[index] = .finished(part)
      return part
    }
  }

  private mutating func made(of container: PickleContainer, level: Int) throws -> Part {
    // The stack of the process is not endless.
    _ = try claimedSize(
      level + 1, field: "the depth of dictionaries and lists", of: graph.source,
      limit: SizeLimit.pickleDepth)
    var parts: [Part] = []
    var keys: [String] = []
    for (index, element) in container.elements.enumerated() {
      if container.isDictionary && index % 2 == 0 {
        keys.append(try key(element))
      } else {
        parts.append(try part(element, name: keys.last ?? "", level: level + 1))
      }
    }
    return Part(
      value: container.isDictionary
        ? .dictionary(try entries(keys, parts.map(\.value))) : .list(parts.map(\.value)),
      depth: try claimedSize(
        1 + (parts.map(\.depth).max() ?? 0), field: "the depth of dictionaries and lists",
        of: graph.source, limit: SizeLimit.pickleDepth),
      valueCount: try claimedSize(
        sum: [1] + parts.map(\.valueCount), field: "the number of values", of: graph.source,
        limit: SizeLimit.pickleValueCount))
  }

  private func key(_ value: PickleValue) throws -> String {
    switch value {
    case .text(let text):
      _ = try claimedSize(
        text.utf8.count, field: "the length of a key", of: graph.source,
        limit: SizeLimit.tensorNameByteCount)
      return text
    case .integer(let number): return "\(number)"
    default: throw FormatProblem("a key of a dictionary is neither a text nor a whole number")
    }
  }

  private func entries(_ keys: [String], _ values: [PyTorchValue]) throws
    -> [(key: String, value: PyTorchValue)]
  {
    var known: Set<String> = []
    for key in keys {
      guard known.insert(key).inserted else {
        throw FormatProblem("a dictionary has the key '\(VisibleText.name(key))' twice")
      }
    }
    return Array(zip(keys, values)).map { (key: $0, value: $1) }
  }
}
