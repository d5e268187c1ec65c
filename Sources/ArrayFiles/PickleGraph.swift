/// Everything that a pickle has made, which may refer to each other in any way.
struct PickleGraph {
  /// What to call the file in messages.
  let source: String
  private(set) var containers: [PickleContainer] = []
  private(set) var tensors: [PyTorchLayout] = []
  /// The storages by their keys.
  private(set) var storages: [String: PyTorchStorage] = [:]
  /// Elements that were copied from one container to another.
  private var copiedCount = 0

  init(source: String) { self.source = source }

  // MARK: Containers

  mutating func make(_ kind: PickleContainer.Kind, _ elements: [PickleValue] = []) -> PickleValue {
    containers.append(PickleContainer(kind: kind, elements: elements))
    return .container(containers.count - 1)
  }

  /// Adds elements to a list, or keys and values to a dictionary.
  mutating func add(_ elements: some Collection<PickleValue>, to value: PickleValue, isList: Bool)
    throws
  {
    guard case .container(let index) = value else {
      throw FormatProblem("elements are added to what is no list and no dictionary")
    }
    let kind = containers[index].kind
    guard isList ? kind == .list : containers[index].isDictionary else {
      throw FormatProblem(
        "elements are added to a \(kind), expected a \(isList ? "list" : "dictionary")")
    }
    guard isList || elements.count % 2 == 0 else {
      throw FormatProblem("a dictionary has \(elements.count) keys and values, an odd number")
    }
    containers[index].elements.append(contentsOf: elements)
  }

  /// The elements of a tuple.
  func tuple(_ value: PickleValue) throws -> [PickleValue] {
    guard case .container(let index) = value, containers[index].kind == .tuple else {
      throw FormatProblem("arguments are no tuple")
    }
    return containers[index].elements
  }

  /// The elements of a tuple or list of whole numbers.
  func integers(_ value: PickleValue, _ field: String) throws -> [Int64] {
    guard case .container(let index) = value, !containers[index].isDictionary else {
      throw FormatProblem("\(field) of a tensor is no tuple")
    }
    return try containers[index].elements.map { try integer($0, field) }
  }

  func integer(_ value: PickleValue, _ field: String) throws -> Int64 {
    guard case .integer(let number) = value else {
      throw FormatProblem("\(field) of a tensor is no whole number")
    }
    return number
  }

  func isDictionary(_ value: PickleValue, ofKind kind: PickleContainer.Kind? = nil) -> Bool {
    guard case .container(let index) = value else { return false }
    return kind.map { containers[index].kind == $0 } ?? containers[index].isDictionary
  }

  private func isEmpty(_ value: PickleValue) -> Bool {
    switch value {
    case .none: true
    case .container(let index): containers[index].elements.isEmpty
    default: false
    }
  }

  // MARK: Calls

  /// What a known function makes of a tuple of arguments.
  mutating func call(_ function: PickleFunction, _ arguments: [PickleValue]) throws -> PickleValue {
    switch function {
    case .orderedDictionary: try orderedDictionary(arguments)
    case .rebuildTensor: try tensor(arguments)
    case .rebuildParameter: try parameter(arguments)
    }
  }

  /// `OrderedDict()`, or in Python 2 `OrderedDict([[key, value], …])`.
  private mutating func orderedDictionary(_ arguments: [PickleValue]) throws -> PickleValue {
    guard let pairs = arguments.first else { return make(.orderedDictionary) }
    guard arguments.count == 1, case .container(let index) = pairs,
      containers[index].kind == .list
    else {
      throw FormatProblem.refused("OrderedDict is called with \(arguments.count) arguments")
    }
    let elements = try containers[index].elements.flatMap { pair -> [PickleValue] in
      guard case .container(let index) = pair, containers[index].elements.count == 2,
        !containers[index].isDictionary
      else {
        throw FormatProblem("OrderedDict is made of what is no list of pairs")
      }
      return containers[index].elements
    }
    // All other elements cost an operation each; one list may be an argument many times.
    copiedCount = try claimedSize(
      sum: [copiedCount, elements.count], field: "the elements of ordered dictionaries", of: source,
      limit: SizeLimit.pickleOperationCount)
    return make(.orderedDictionary, elements)
  }

  /// `(storage, offset, size, stride, requires_grad, backward_hooks, metadata)`; the older function
  /// has the first four.
  private mutating func tensor(_ arguments: [PickleValue]) throws -> PickleValue {
    guard [4, 6, 7].contains(arguments.count), case .storage(let storage) = arguments[0] else {
      throw FormatProblem("a tensor is not made of a storage, an offset, sizes and strides")
    }
    // Hooks are functions; metadata says for instance that all numbers are negated.
    guard arguments.dropFirst(5).allSatisfy(isEmpty) else {
      throw FormatProblem.refused("a tensor has hooks or metadata")
    }
    tensors.append(
      try PyTorchLayout(
        storage: storage, offset: integer(arguments[1], "the offset"),
        shape: integers(arguments[2], "the shape"),
        strides: integers(arguments[3], "the strides"), source: source))
    return .tensor(tensors.count - 1)
  }

  /// `(tensor, requires_grad, backward_hooks)`.
  private func parameter(_ arguments: [PickleValue]) throws -> PickleValue {
    guard arguments.count == 3, case .tensor = arguments[0] else {
      throw FormatProblem("a parameter is not made of a tensor")
    }
    guard isEmpty(arguments[2]) else { throw FormatProblem.refused("a parameter has hooks") }
    return arguments[0]
  }

  /// `("storage", type, key, place, number of elements)`, in files of before PyTorch 1.6 also a view.
  mutating func storage(_ identifier: PickleValue) throws -> PickleValue {
    let parts = try tuple(identifier)
    guard case .text(let kind)? = parts.first else {
      throw FormatProblem("a persistent identifier has no kind")
    }
    guard kind == "storage" else {
      throw FormatProblem.refused("a persistent identifier is a '\(VisibleText.name(kind))'")
    }
    guard parts.count == 5 || parts.count == 6, case .storageType(let type) = parts[1],
      case .text(let key) = parts[2], case .integer(let count) = parts[4]
    else {
      throw FormatProblem("a storage has no type, key and number of elements")
    }
    guard parts.dropFirst(5).allSatisfy(isEmpty) else {
      throw FormatProblem(
        "storage '\(VisibleText.name(key))' is a view of another one, as files of 2017 have it",
        advice: "Load the file in PyTorch and save it again.")
    }
    let storage = PyTorchStorage(
      key: key, elementType: type,
      elementCount: try claimedSize(
        count, field: "the number of elements of storage '\(VisibleText.name(key))'", of: source,
        limit: SizeLimit.elementCount))
    let known = storages.updateValue(storage, forKey: key)
    guard known == nil || known == storage else {
      throw FormatProblem(
        "storage '\(VisibleText.name(key))' is described in two ways: \(storage.elementCount) "
          + "elements of \(type), and others before")
    }
    return .storage(storage)
  }
}
