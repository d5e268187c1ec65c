/// A value on the stack or in the memo of a pickle.
///
/// What others may refer to, and what nests, stands in the lists of a `PickleGraph` and is an index
/// here: no value is deep, and a list that contains itself is a number in it.
enum PickleValue {
  case none
  case boolean(Bool)
  case integer(Int64)
  case real(Double)
  case text(String)
  /// An index of `PickleGraph.containers`.
  case container(Int)
  /// An index of `PickleGraph.tensors`.
  case tensor(Int)
  case storage(PyTorchStorage)
  case storageType(ArrayElementType)
  case function(PickleFunction)
}

/// The functions that are known by their names; all others are refused.
enum PickleFunction {
  case orderedDictionary
  /// `torch._utils._rebuild_tensor`, before PyTorch 0.4, and `_rebuild_tensor_v2`.
  case rebuildTensor
  case rebuildParameter

  /// What a name of Python stands for, or nil where it is not known.
  static func value(of name: String, in module: String) -> PickleValue? {
    switch (module, name) {
    case ("collections", "OrderedDict"): .function(.orderedDictionary)
    case ("torch._utils", "_rebuild_tensor"), ("torch._utils", "_rebuild_tensor_v2"):
      .function(.rebuildTensor)
    case ("torch._utils", "_rebuild_parameter"): .function(.rebuildParameter)
    case ("torch", _), ("torch.cuda", _): storageTypes[name].map { .storageType($0) }
    default: nil
    }
  }

  private static let storageTypes: [String: ArrayElementType] = [
    "FloatStorage": .float32, "DoubleStorage": .float64, "HalfStorage": .float16,
    "BFloat16Storage": .bfloat16, "LongStorage": .int64, "IntStorage": .int32,
    "ShortStorage": .int16, "CharStorage": .int8, "ByteStorage": .uint8, "BoolStorage": .boolean,
  ]
}

/// A storage as a pickle refers to it: its key, and what it claims to hold.
struct PyTorchStorage: Hashable {
  var key: String
  var elementType: ArrayElementType
  var elementCount: Int

  /// The bytes that it takes; the count was compared with `SizeLimit.elementCount`.
  var byteCount: Int { elementCount * elementType.byteCount }
}

/// A list, a tuple or a dictionary of a pickle.
struct PickleContainer {
  enum Kind {
    case list
    case tuple
    case dictionary
    /// A dictionary that may have attributes, which are passed over.
    case orderedDictionary
  }

  let kind: Kind
  /// The elements; in a dictionary keys and values in turn.
  var elements: [PickleValue]

  var isDictionary: Bool { kind == .dictionary || kind == .orderedDictionary }
}
