import Foundation

/// Runs a pickle that may make tensors, dictionaries, lists, tuples, numbers, texts, truth values and
/// None, and nothing else.
///
/// A pickle is a program for a machine with a stack, a memo and calls of any function of Python. This
/// machine knows five functions (`PickleFunction`), which it does itself, and refuses every other name
/// before anything is made of it. Memory is bounded by the number of operations and the length of the
/// pickle: an operation makes at most one value, and texts are as long as they stand there.
/// Source: Python 3.13 `pickletools`; PyTorch 2.13 `torch._weights_only_unpickler`.
struct Unpickler {
  private var cursor: PickleCursor
  private(set) var graph: PickleGraph
  private var stack: [PickleValue] = []
  /// Heights of the stack at the marks.
  private var marks: [Int] = []
  private var memo: [UInt32: PickleValue] = [:]

  /// A machine for the pickle that begins at an offset of a file.
  ///
  /// `source`: what to call the file in messages.
  init(_ data: Data, at offset: Int = 0, source: String) {
    cursor = PickleCursor(data, at: offset, source: source)
    graph = PickleGraph(source: source)
  }

  /// The offset behind what was read.
  var offset: Int { cursor.offset }

  /// Runs to the end of the pickle.
  ///
  /// - Returns: The value that it is of, whose parts stand in `graph`.
  /// - Throws: `FormatProblem`, `SizeError`.
  mutating func run() throws -> PickleValue {
    for _ in 0..<SizeLimit.pickleOperationCount {
      let place = offset
      let code = try cursor.byte()
      guard let opcode = PickleOpcode(rawValue: code) else {
        throw FormatProblem.refused(
          "operation 0x\(zeroPadded(code, digitCount: 2, radix: 16)) stands at byte \(place)")
      }
      if opcode == .stop {
        let value = try pop()
        guard stack.isEmpty, marks.isEmpty else {
          throw FormatProblem("the pickle ends at byte \(place) with values that belong nowhere")
        }
        return value
      }
      try perform(opcode)
    }
    throw FormatProblem(
      "the pickle has more than \(SizeLimit.pickleOperationCount) operations",
      advice: "Save the tensors alone: torch.save(model.state_dict(), FILE).")
  }

  private mutating func perform(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .stop: break
    case .proto:
      let version = try cursor.byte()
      guard (2...5).contains(version) else {
        throw FormatProblem("protocol \(version) of pickles, expected 2 ... 5")
      }
    // The frame's length only helps to read ahead.
    case .frame: _ = try cursor.number(UInt64.self)
    case .none, .newTrue, .newFalse, .binInt, .binInt1, .binInt2, .long1, .binFloat:
      stack.append(try number(opcode))
    case .binUnicode, .shortBinUnicode, .binUnicode8, .binString, .shortBinString:
      stack.append(.text(try text(opcode)))
    case .mark: marks.append(stack.count)
    case .emptyTuple: stack.append(graph.make(.tuple))
    case .tuple: stack.append(graph.make(.tuple, try popToMark()))
    case .tuple1: stack.append(graph.make(.tuple, try pop(count: 1)))
    case .tuple2: stack.append(graph.make(.tuple, try pop(count: 2)))
    case .tuple3: stack.append(graph.make(.tuple, try pop(count: 3)))
    case .emptyList: stack.append(graph.make(.list))
    case .append: try add(pop(count: 1), isList: true)
    case .appends: try add(popToMark(), isList: true)
    case .emptyDictionary: stack.append(graph.make(.dictionary))
    case .setItem: try add(pop(count: 2), isList: false)
    case .setItems: try add(popToMark(), isList: false)
    case .binPut, .longBinPut, .memoize: try memo[memoKey(opcode)] = top()
    case .binGet, .longBinGet: stack.append(try memoized(memoKey(opcode)))
    case .global, .stackGlobal: stack.append(try global(opcode))
    case .reduce: try reduce()
    case .build: try build()
    case .binPersistentID: stack.append(try graph.storage(pop()))
    }
  }

  // MARK: Single values

  private mutating func number(_ opcode: PickleOpcode) throws -> PickleValue {
    switch opcode {
    case .newTrue: .boolean(true)
    case .newFalse: .boolean(false)
    case .binInt: .integer(Int64(Int32(bitPattern: try cursor.number())))
    case .binInt1: .integer(Int64(try cursor.byte()))
    case .binInt2: .integer(Int64(try cursor.number(UInt16.self)))
    case .long1: .integer(try long(byteCount: cursor.byte()))
    // The one number with the high byte first.
    case .binFloat:
      .real(Double(bitPattern: try cursor.bytes(8).reduce(0) { $0 << 8 | UInt64($1) }))
    default: PickleValue.none
    }
  }

  /// A whole number in two's complement.
  private mutating func long(byteCount: UInt8) throws -> Int64 {
    guard byteCount <= 8 else {
      throw FormatProblem("a whole number takes \(byteCount) bytes, expected 0 ... 8")
    }
    let bytes = try cursor.bytes(Int(byteCount))
    let isNegative = bytes.last.map { $0 >= 0x80 } ?? false
    return bytes.reversed().reduce(isNegative ? -1 : 0) { $0 << 8 | Int64($1) }
  }

  private mutating func text(_ opcode: PickleOpcode) throws -> String {
    switch opcode {
    case .shortBinUnicode, .shortBinString: try cursor.text(byteCount: cursor.byte())
    case .binUnicode8: try cursor.text(byteCount: cursor.number(UInt64.self))
    default: try cursor.text(byteCount: cursor.number(UInt32.self))
    }
  }

  // MARK: The stack

  private func top() throws -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.last else {
      throw FormatProblem("an operation before byte \(offset) finds nothing on the stack")
    }
    return value
  }

  private mutating func pop() throws -> PickleValue {
    let value = try top()
    stack.removeLast()
    return value
  }

  private mutating func pop(count: Int) throws -> [PickleValue] {
    guard stack.count - (marks.last ?? 0) >= count else {
      throw FormatProblem("an operation before byte \(offset) finds too little on the stack")
    }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws -> [PickleValue] {
    guard let mark = marks.popLast() else {
      throw FormatProblem("an operation before byte \(offset) finds no mark")
    }
    defer { stack.removeLast(stack.count - mark) }
    return Array(stack[mark...])
  }

  private mutating func add(_ elements: [PickleValue], isList: Bool) throws {
    try graph.add(elements, to: top(), isList: isList)
  }

  // MARK: The memo

  private mutating func memoKey(_ opcode: PickleOpcode) throws -> UInt32 {
    switch opcode {
    case .binPut, .binGet: return UInt32(try cursor.byte())
    // Not more than operations.
    case .memoize: return UInt32(memo.count)
    default: return try cursor.number()
    }
  }

  private func memoized(_ key: UInt32) throws -> PickleValue {
    guard let value = memo[key] else {
      throw FormatProblem("the pickle has no value \(key) in its memo before byte \(offset)")
    }
    return value
  }

  // MARK: What is not a plain value

  private mutating func global(_ opcode: PickleOpcode) throws -> PickleValue {
    let (module, name): (String, String)
    if opcode == .global {
      (module, name) = (try cursor.line(), try cursor.line())
    } else {
      let names = try pop(count: 2)
      guard case .text(let first) = names[0], case .text(let second) = names[1] else {
        throw FormatProblem("a function before byte \(offset) has no name")
      }
      (module, name) = (String(first.prefix(256)), String(second.prefix(256)))
    }
    guard let value = PickleFunction.value(of: name, in: module) else {
      throw FormatProblem.refused(
        "the pickle names '\(VisibleText.name("\(module).\(name)"))' at byte \(offset)")
    }
    return value
  }

  private mutating func reduce() throws {
    let arguments = try graph.tuple(pop())
    guard case .function(let function) = try pop() else {
      throw FormatProblem.refused("the pickle calls what is no function before byte \(offset)")
    }
    stack.append(try graph.call(function, arguments))
  }

  /// Attributes of an ordered dictionary, such as `_metadata` of a state dict, are passed over.
  private mutating func build() throws {
    let state = try pop()
    guard graph.isDictionary(try top(), ofKind: .orderedDictionary), graph.isDictionary(state)
    else {
      throw FormatProblem.refused("the pickle sets the state of an object before byte \(offset)")
    }
  }
}
