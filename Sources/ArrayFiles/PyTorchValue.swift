/// A value of a PyTorch file.
public indirect enum PyTorchValue: Sendable {
  /// Python's None.
  case none
  /// True or False.
  case boolean(Bool)
  /// A whole number.
  case integer(Int64)
  /// A floating-point number.
  case real(Double)
  /// A text.
  case text(String)
  /// A list or a tuple.
  case list([PyTorchValue])
  /// A dictionary in its order; a key that is a whole number is its digits.
  case dictionary([(key: String, value: PyTorchValue)])
  /// A tensor or a parameter.
  case tensor(PyTorchTensor)

  /// The value of a key, where this is a dictionary that has it.
  public subscript(key: String) -> PyTorchValue? {
    guard case .dictionary(let entries) = self else { return nil }
    return entries.first { $0.key == key }?.value
  }

  /// The keys of a dictionary in its order; empty for other values.
  public var keys: [String] {
    guard case .dictionary(let entries) = self else { return [] }
    return entries.map(\.key)
  }

  /// What kind of value this is, for messages.
  var kind: String {
    switch self {
    case .none: "None"
    case .boolean: "a truth value"
    case .integer: "a whole number"
    case .real: "a floating-point number"
    case .text: "a text"
    case .list: "a list"
    case .dictionary: "a dictionary"
    case .tensor: "a tensor"
    }
  }

  /// Calls `body` with each tensor below, and with its name: the keys of the dictionaries around it
  /// with points between them, and positions in lists from 0 on.
  func forEachTensor(
    _ name: String = "", _ body: (_ name: String, _ tensor: PyTorchTensor) throws -> Void
  ) rethrows {
    func inner(_ key: String) -> String { name.isEmpty ? key : "\(name).\(key)" }
    switch self {
    case .tensor(let tensor): try body(name, tensor)
    case .dictionary(let entries):
      for (key, value) in entries { try value.forEachTensor(inner(key), body) }
    case .list(let values):
      for (index, value) in values.enumerated() { try value.forEachTensor(inner("\(index)"), body) }
    case .none, .boolean, .integer, .real, .text: break
    }
  }
}
