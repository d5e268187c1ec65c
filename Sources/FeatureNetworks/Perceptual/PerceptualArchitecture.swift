/// The classifiers whose feature maps LPIPS compares.
///
/// Source: Zhang et al. 2018, section 3; torchvision, `vgg16` and `alexnet`.
public enum PerceptualArchitecture: String, Sendable, CaseIterable {
  /// VGG-16 (Simonyan & Zisserman 2014): for training.
  case vgg16
  /// AlexNet (Krizhevsky et al. 2012): for evaluation.
  case alexNet

  /// The convolutions between two taps, and the pooling before them.
  struct Stage {
    /// Rows, columns and stride of the windows whose maximum goes on; nil without pooling.
    var pooling: (kernelSize: Int, stride: Int)?
    /// Kernel size, stride and zeros on each side of each convolution.
    var convolutions: [(kernelSize: Int, stride: Int, padding: Int)]
  }

  /// The stages, each ending in a tap.
  var stages: [Stage] {
    switch self {
    case .vgg16:
      [2, 2, 3, 3, 3].enumerated().map { index, count in
        Stage(
          pooling: index == 0 ? nil : (2, 2),
          convolutions: Array(repeating: (3, 1, 1), count: count))
      }
    case .alexNet:
      [
        Stage(pooling: nil, convolutions: [(11, 4, 2)]),
        Stage(pooling: (3, 2), convolutions: [(5, 1, 2)]),
        Stage(pooling: (3, 2), convolutions: [(3, 1, 1)]),
        Stage(pooling: nil, convolutions: [(3, 1, 1)]),
        Stage(pooling: nil, convolutions: [(3, 1, 1)]),
      ]
    }
  }

  /// For each stage, the numbers of its convolutions in the published names, `features.NUMBER`.
  ///
  /// Poolings and activations are numbered too.
  var convolutionNumbers: [[Int]] {
    var next = 0
    return stages.map { stage in
      next += stage.pooling == nil ? 0 : 1
      return stage.convolutions.map { _ in
        defer { next += 2 }
        return next
      }
    }
  }

  /// Channels of the published network's taps.
  public var publishedWidths: [Int] {
    switch self {
    case .vgg16: [64, 128, 256, 512, 512]
    case .alexNet: [64, 192, 384, 256, 256]
    }
  }

  /// The shortest side of an image of which every pooling leaves something.
  public var leastSide: Int {
    stages.reversed().reduce(1) { side, stage in
      let mapped = stage.convolutions.reversed().reduce(side) { side, convolution in
        (side - 1) * convolution.stride + convolution.kernelSize - 2 * convolution.padding
      }
      guard let pooling = stage.pooling else { return max(mapped, 1) }
      return (max(mapped, 1) - 1) * pooling.stride + pooling.kernelSize
    }
  }

  /// Whether a tensor of a file is no part of the features.
  static func isIgnored(_ name: String) -> Bool { name.hasPrefix("classifier.") }
}
