import ArrayFiles
import Testing

/// Pickles that no program of good will writes.
@Suite("PyTorch: hostile pickles") struct PickleTests {
  private typealias Bytes = PickleBytes

  private func read(_ value: [UInt8], storages: [String: [UInt8]] = [:]) throws -> PyTorchFile {
    try PyTorchFile(decoding: Bytes.file(value, storages: storages), name: "bad.pth")
  }

  private func problem(of value: [UInt8], storages: [String: [UInt8]] = [:]) throws -> String {
    do {
      _ = try read(value, storages: storages)
      return "none"
    } catch let error as ArrayFileError {
      return error.description
    } catch let error as SizeError {
      return error.description
    }
  }

  // MARK: Calls

  @Test(arguments: [
    ("os", "system"), ("builtins", "eval"), ("torch", "load"), ("torch", "FloatStorage.__class__"),
    ("torch.storage", "UntypedStorage"), ("collections", "OrderedDict.fromkeys"),
    ("torch._utils", "_rebuild_parameter_v2"), ("", ""), ("os\u{1b}[2J", "system\u{202e}"),
  ])
  func everyOtherNameIsRefused(module: String, name: String) throws {
    let text = Array("true".utf8)
    let call = Bytes.call(module, name, [Bytes.text(String(decoding: text, as: UTF8.self))])
    let stackCall =
      Bytes.text(module) + Bytes.text(name) + [0x93] + Bytes.tuple([Bytes.text("true")])
      + [UInt8(ascii: "R")]
    for value in [call, stackCall, Bytes.global(module, name)] {
      let problem = try problem(of: value)
      #expect(problem.contains("the pickle names '"), "\(problem)")
      #expect(!problem.contains("\u{1b}") && !problem.contains("\u{202e}"), "\(problem)")
    }
    #expect(try problem(of: call).contains("nothing of it was run"))
  }

  @Test func callsAndStatesOfOtherThingsAreRefused() throws {
    let dictionary = Bytes.emptyDictionary
    let ordered = Bytes.call("collections", "OrderedDict", [])
    let build = [UInt8(ascii: "b")]
    #expect(try read(ordered + dictionary + build).content.keys.isEmpty)
    for value in [dictionary + dictionary + build, ordered + Bytes.text("x") + build] {
      #expect(try problem(of: value).contains("sets the state"))
    }
    #expect(
      try problem(of: Bytes.text("f") + Bytes.tuple([]) + [UInt8(ascii: "R")])
        .contains("calls what is no function"))
    #expect(
      try problem(of: Bytes.global("torch", "FloatStorage") + Bytes.tuple([]) + [0x52])
        .contains("calls what is no function"))
    #expect(
      try problem(of: Bytes.call("collections", "OrderedDict", [Bytes.text("x")]))
        .contains("OrderedDict is called"))
    #expect(
      try problem(of: Bytes.call("torch._utils", "_rebuild_tensor_v2", [Bytes.integer(1)]))
        .contains("not made of a storage"))
    #expect(
      try problem(of: Bytes.call("torch._utils", "_rebuild_parameter", [Bytes.integer(1)]))
        .contains("not made of a tensor"))
    #expect(
      try problem(of: Bytes.tuple([Bytes.text("module"), Bytes.text("x")]) + [UInt8(ascii: "Q")])
        .contains("'module'"))
    // A function or a storage that is not used.
    #expect(try problem(of: Bytes.global("torch", "FloatStorage")).contains("not a tensor"))
    #expect(
      try problem(of: Bytes.storage(1), storages: ["0": [0, 0, 0, 0]]).contains("not a tensor"))
  }

  @Test(
    arguments: Array("0123ILSVio\u{8b}\u{8f}\u{90}\u{91}\u{81}\u{92}\u{82}B".unicodeScalars).map {
      UInt8($0.value)
    })
  func otherOperationsAreRefused(code: UInt8) throws {
    let problem = try problem(of: [code])
    #expect(problem.contains("operation 0x\(String(code, radix: 16))"), "\(problem)")
  }

  // MARK: Cycles and depth

  @Test func whatContainsItselfIsRefused() throws {
    let list = Bytes.emptyList + Bytes.put(0) + Bytes.get(0) + [UInt8(ascii: "a")]
    #expect(try problem(of: list).contains("a list contains itself"))
    let dictionary =
      Bytes.emptyDictionary + Bytes.put(0) + Bytes.text("a") + Bytes.get(0) + [UInt8(ascii: "s")]
    #expect(try problem(of: dictionary).contains("a dictionary contains itself"))
    let tuple =
      Bytes.emptyList + Bytes.put(0) + Bytes.get(0) + [0x85, UInt8(ascii: "a")]
    #expect(try problem(of: tuple).contains("contains itself"))
  }

  @Test func depthIsLimited() throws {
    func nested(_ depth: Int) -> [UInt8] {
      Bytes.emptyList + [UInt8](repeating: 0x85, count: depth - 1)
    }
    #expect(try read(nested(SizeLimit.pickleDepth)).content.keys.isEmpty)
    for depth in [SizeLimit.pickleDepth + 1, 10_000, 1_000_000] {
      #expect(try problem(of: nested(depth)).contains("depth"), "\(depth)")
    }
    // A part that is not deep where it stands first, and is in a second place.
    let shared = nested(40) + Bytes.put(0)
    let value = Bytes.tuple([shared, Bytes.get(0) + [UInt8](repeating: 0x85, count: 30)])
    #expect(try problem(of: value).contains("depth"))
  }

  @Test func aSmallPickleOfManyValuesIsRefused() throws {
    // Ten times the value before, again and again.
    var value = Bytes.tuple([])
    for level in 0..<30 {
      let key = UInt8(level)
      value += Bytes.put(key)
      value = Bytes.tuple([value] + [[UInt8]](repeating: Bytes.get(key), count: 9))
    }
    #expect(try problem(of: value).contains("the number of values"))
  }

  @Test func ordersOfPairsAreNotCopiedWithoutEnd() throws {
    let pair = Bytes.tuple([Bytes.text("a"), Bytes.integer(1)]) + Bytes.put(0)
    let pairs =
      Bytes.emptyList + Bytes.put(1) + [UInt8(ascii: "(")] + pair
      + [[UInt8]](repeating: Bytes.get(0), count: 50_000).flatMap { $0 } + [UInt8(ascii: "e")]
    let call = Bytes.call("collections", "OrderedDict", [Bytes.get(1)])
    let value = Bytes.tuple([pairs] + [[UInt8]](repeating: call, count: 100))
    #expect(try problem(of: value).contains("the elements of ordered dictionaries"))
    // One of Python 2 is read.
    let small =
      Bytes.emptyList + [UInt8(ascii: "(")] + Bytes.tuple([Bytes.text("a"), Bytes.integer(1)])
      + [UInt8(ascii: "e")]
    #expect(try read(Bytes.call("collections", "OrderedDict", [small])).content.keys == ["a"])
  }

  // MARK: Counts and lengths

  @Test func operationsAreCounted() throws {
    let many = [UInt8](repeating: UInt8(ascii: "N"), count: SizeLimit.pickleOperationCount)
    #expect(
      try problem(of: many).contains("more than \(SizeLimit.pickleOperationCount) operations"))
    let marks = [UInt8](repeating: UInt8(ascii: "("), count: SizeLimit.pickleOperationCount)
    #expect(try problem(of: marks).contains("operations"))
  }

  @Test func textsAreAsLongAsTheyStandThere() throws {
    for (code, size) in [(UInt8(ascii: "X"), 4), (UInt8(ascii: "T"), 4), (0x8D, 8), (0x8C, 1)] {
      let length = [UInt8](repeating: 0xFF, count: size)
      let problem = try problem(of: [code] + length + Array("abc".utf8))
      #expect(problem.contains("the length of a text"), "\(problem)")
    }
    let long = String(repeating: "a", count: SizeLimit.pickleTextByteCount)
    #expect(try read(Bytes.text(long)).content.keys.isEmpty)
    #expect(try problem(of: Bytes.text(long + "a")).contains("the length of a text"))
    #expect(try problem(of: [UInt8(ascii: "U"), 1, 0xFF]).contains("UTF-8"))
    #expect(try problem(of: Array("c".utf8) + Array(long.utf8)).contains("no line ends"))
    #expect(try problem(of: [0x8A, 9] + [UInt8](repeating: 1, count: 9)).contains("9 bytes"))
  }

  /// As in the published linear layers of LPIPS, which are of 2018.
  @Test func stringsOfPython2AreTexts() throws {
    let key = [UInt8(ascii: "U"), 1, UInt8(ascii: "a")]
    let text = [UInt8(ascii: "T"), 2, 0, 0, 0] + Array("bc".utf8)
    let file = try read(Bytes.emptyDictionary + key + text + [UInt8(ascii: "s")])
    guard case .text("bc") = file.content["a"] else {
      Issue.record("\(file.content)")
      return
    }
  }

  @Test func keysAreShortTextsOrWholeNumbersAndOnce() throws {
    func dictionary(_ keys: [[UInt8]]) -> [UInt8] {
      Bytes.emptyDictionary + [UInt8(ascii: "(")] + keys.flatMap { $0 + Bytes.integer(1) }
        + [UInt8(ascii: "u")]
    }
    #expect(
      try read(dictionary([Bytes.text("a"), Bytes.integer(-7)])).content.keys == ["a", "-7"])
    #expect(try problem(of: dictionary([Bytes.text("a"), Bytes.text("a")])).contains("twice"))
    #expect(try problem(of: dictionary([Bytes.text("7"), Bytes.integer(7)])).contains("twice"))
    #expect(try problem(of: dictionary([[UInt8(ascii: "N")]])).contains("neither a text"))
    #expect(
      try problem(of: dictionary([Bytes.text(String(repeating: "a", count: 1025))]))
        .contains("the length of a key"))
    #expect(
      try problem(of: Bytes.emptyDictionary + [UInt8(ascii: "(")] + Bytes.text("a") + [0x75])
        .contains("odd number"))
  }

  @Test func namesOfTensorsAreLimited() throws {
    let tensor = Bytes.tensor(Bytes.storage(1), shape: [1], strides: [1])
    let key = Bytes.text(String(repeating: "k", count: 600))
    func nested(_ value: [UInt8]) -> [UInt8] {
      Bytes.emptyDictionary + key + value + [UInt8(ascii: "s")]
    }
    let storages: [String: [UInt8]] = ["0": [0, 0, 0, 0]]
    #expect(try read(nested(tensor), storages: storages).tensors().count == 1)
    let file = try read(nested(nested(tensor)), storages: storages)
    #expect(throws: SizeError.self) { try file.tensors() }
    let twice =
      Bytes.emptyDictionary + Bytes.text("a.b") + tensor + [UInt8(ascii: "s")]
      + Bytes.text("a") + Bytes.emptyDictionary + Bytes.text("b") + tensor + [0x73, 0x73]
    #expect(throws: ArrayFileError.self) { try read(twice, storages: storages).tensors() }
  }

  // MARK: The stack and the memo

  @Test(arguments: [
    "", ")(", "((", "NN", "t", "e", "u", "a", "s", "R", "b", "Q", "\u{85}", "(\u{85}", "N(a",
    "q\u{0}",
    "h\u{0}", "]N(a", "(N", "N)a", "})a", "]NNs", "](NNu", ")Q", "NQ", "NR", "\u{93}", "NN\u{93}",
  ])
  func aMachineOutOfOrderIsRefused(operations: String) throws {
    let value = operations.unicodeScalars.map { UInt8($0.value) }
    #expect(try problem(of: value) != "none")
  }

  @Test func protocolsAreThoseOfPyTorch() throws {
    for version in UInt8(0)...7 {
      let file = StoredArchive.bytes([.init("x/data.pkl", [0x80, version] + Array("].".utf8))])
      let isRead = (try? PyTorchFile(decoding: file, name: "a.pth")) != nil
      #expect(isRead == (2...5).contains(version), "\(version)")
    }
  }
}
