/// Makes parameters under a common prefix: the one place that names and initialises them.
public struct ParameterScope {
  /// The arena that the parameters go to.
  public let arena: ParameterArena
  /// The prefix of names, without the final dot; empty at the root.
  public let path: String

  /// The root scope of an arena.
  public init(_ arena: ParameterArena) { self.init(arena: arena, path: "") }

  private init(arena: ParameterArena, path: String) {
    self.arena = arena
    self.path = path
  }

  /// The scope `name` inside this one.
  public subscript(name: String) -> ParameterScope {
    ParameterScope(arena: arena, path: joined(name))
  }

  /// The numbered scope `index` inside this one.
  public subscript(index: Int) -> ParameterScope { self[String(index)] }

  /// Adds a parameter.
  ///
  /// - Parameters:
  ///   - name: Last part of the published name; empty when the scope itself is the name.
  ///   - shape: The engine's shape.
  ///   - initializer: How the values of a new model are drawn.
  ///   - layout: How published files lay it out; the engine's shape when nil.
  ///   - isOperand: Whether nothing but products and convolutions read it, as an operand.
  /// - Returns: The parameter, whose values exist once the arena is allocated.
  public func parameter(
    _ name: String, _ shape: [Int], _ initializer: Initializer, layout: PublishedLayout? = nil,
    isOperand: Bool = false
  ) -> Parameter {
    arena.add(
      name: joined(name), shape: shape, layout: layout ?? .same(shape: shape),
      initializer: initializer, isOperand: isOperand)
  }

  private func joined(_ name: String) -> String {
    if path.isEmpty { return name }
    return name.isEmpty ? path : "\(path).\(name)"
  }
}
