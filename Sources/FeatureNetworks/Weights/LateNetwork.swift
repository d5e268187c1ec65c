/// A frozen network that is not needed before some step of a run, and takes no memory until then.
public final class LateNetwork<Network> {
  /// What errors call its file; nil for random weights.
  public let path: String?
  private let make: () throws -> FrozenNetwork<Network>
  private var frozen: FrozenNetwork<Network>?

  /// Remembers how the network is made.
  public init(path: String?, _ make: @escaping () throws -> FrozenNetwork<Network>) {
    self.path = path
    self.make = make
  }

  /// A network that is there already.
  public init(_ frozen: FrozenNetwork<Network>) {
    path = frozen.path
    make = { frozen }
    self.frozen = frozen
  }

  /// Makes the network, unless it is there.
  ///
  /// - Throws: What reading its file throws.
  public func load() throws { if frozen == nil { frozen = try make() } }

  /// The network.
  ///
  /// - Precondition: It was loaded.
  public var network: Network {
    guard let frozen else { preconditionFailure("LateNetwork: \(path ?? "") was not loaded") }
    return frozen.network
  }
}
