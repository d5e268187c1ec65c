import Synchronization

/// Primitives of oneDNN, made once for what they are to do and kept.
final class PrimitiveCache<Key: Hashable & Sendable, Primitive: Sendable>: Sendable {
  private let known = Mutex<[Key: Primitive?]>([:])

  /// The primitive for `key`, made by `make` when it is asked for first; that there is none is kept
  /// too.
  func primitive(for key: Key, make: () -> Primitive?) -> Primitive? {
    known.withLock { known in
      if let found = known[key] { return found }
      let made = make()
      known.updateValue(made, forKey: key)
      return made
    }
  }
}
