import Autodiff
import Checkpoints
import Configurations
import HierarchicalGenerator
import ResidualTokenizer

extension AnyRunConfiguration {
  /// The parameters of the configured model, not yet allocated.
  func makeArena() -> ParameterArena {
    let arena = ParameterArena()
    switch self {
    case .tokenizer(let configuration):
      _ = ResTok(configuration.model, in: ParameterScope(arena))
    case .generator(let configuration):
      _ = Generator(configuration.model, in: ParameterScope(arena))
    }
    return arena
  }
}
