import Autodiff
import Checkpoints
import Configurations
import HierarchicalGenerator
import ResidualTokenizer

extension AnyRunConfiguration {
  /// The parameters of the configured model, not yet allocated.
  ///
  /// They do not depend on the size of images, but tables of positions do, and of large images these take
  /// gigabytes: they are made for the smallest images.
  func makeArena() -> ParameterArena {
    let arena = ParameterArena()
    switch self {
    case .tokenizer(var configuration):
      let (cnn, scales) = (configuration.model.cnn, configuration.model.scales)
      configuration.model.imageSize = 1 << (cnn.multipliers.count - 1 + scales.count - 1)
      _ = ResTok(configuration.model, in: ParameterScope(arena))
    case .generator(let configuration):
      _ = Generator(configuration.model, in: ParameterScope(arena))
    }
    return arena
  }
}
