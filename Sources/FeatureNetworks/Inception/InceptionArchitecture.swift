/// The blocks of Inception-v3 as TensorFlow's graph of 2015-12-05 has them.
///
/// Source: Szegedy et al. 2016, section 6; Docs/Networks.md, section 5.
enum InceptionArchitecture {
  /// A convolution, its norm and a ReLU.
  struct Unit {
    var name: String
    var rows: Int
    var columns: Int
    /// Channels of the published network.
    var width: Int
    /// Pixels between two places of the kernel; with 2 there is no padding.
    var stride = 1
    /// Whether there is no padding with a stride of 1 either.
    var isValid = false

    init(
      _ name: String, _ rows: Int, _ columns: Int, _ width: Int, stride: Int = 1,
      isValid: Bool = false
    ) {
      (self.name, self.rows, self.columns) = (name, rows, columns)
      (self.width, self.stride, self.isValid) = (width, stride, isValid || stride > 1)
    }
  }

  /// What a branch begins with.
  enum Pooling {
    /// The mean of the 3×3 cells around each that are inside.
    case average
    /// Their maximum.
    case maximum
    /// The maximum of 3×3 cells at every second place, without padding.
    case reducing
  }

  /// One of the paths whose results are joined.
  struct Branch {
    var pooling: Pooling?
    var units: [Unit]
    /// Units that all read what the others gave, and are joined.
    var fork: [Unit] = []
  }

  /// A block: its name and its branches, in the order in which they are joined.
  struct Block {
    var name: String
    var branches: [Branch]
  }

  /// The units before the first block; the maximum of 3×3 cells at every second place is taken behind the
  /// third and the fifth.
  static let stem = [
    Unit("Conv2d_1a_3x3", 3, 3, 32, stride: 2), Unit("Conv2d_2a_3x3", 3, 3, 32, isValid: true),
    Unit("Conv2d_2b_3x3", 3, 3, 64), Unit("Conv2d_3b_1x1", 1, 1, 80),
    Unit("Conv2d_4a_3x3", 3, 3, 192, isValid: true),
  ]

  /// The blocks in their order.
  static let blocks: [Block] =
    [("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)].map(fine)
    + [reduction]
    + [("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)].map(factored)
    + [secondReduction, wide("Mixed_7b", .average), wide("Mixed_7c", .maximum)]

  private static func fine(_ name: String, poolWidth: Int) -> Block {
    Block(
      name: name,
      branches: [
        Branch(units: [Unit("branch1x1", 1, 1, 64)]),
        Branch(units: [Unit("branch5x5_1", 1, 1, 48), Unit("branch5x5_2", 5, 5, 64)]),
        Branch(units: [
          Unit("branch3x3dbl_1", 1, 1, 64), Unit("branch3x3dbl_2", 3, 3, 96),
          Unit("branch3x3dbl_3", 3, 3, 96),
        ]),
        Branch(pooling: .average, units: [Unit("branch_pool", 1, 1, poolWidth)]),
      ])
  }

  private static let reduction = Block(
    name: "Mixed_6a",
    branches: [
      Branch(units: [Unit("branch3x3", 3, 3, 384, stride: 2)]),
      Branch(units: [
        Unit("branch3x3dbl_1", 1, 1, 64), Unit("branch3x3dbl_2", 3, 3, 96),
        Unit("branch3x3dbl_3", 3, 3, 96, stride: 2),
      ]),
      Branch(pooling: .reducing, units: []),
    ])

  private static func factored(_ name: String, width: Int) -> Block {
    Block(
      name: name,
      branches: [
        Branch(units: [Unit("branch1x1", 1, 1, 192)]),
        Branch(units: [
          Unit("branch7x7_1", 1, 1, width), Unit("branch7x7_2", 1, 7, width),
          Unit("branch7x7_3", 7, 1, 192),
        ]),
        Branch(units: [
          Unit("branch7x7dbl_1", 1, 1, width), Unit("branch7x7dbl_2", 7, 1, width),
          Unit("branch7x7dbl_3", 1, 7, width), Unit("branch7x7dbl_4", 7, 1, width),
          Unit("branch7x7dbl_5", 1, 7, 192),
        ]),
        Branch(pooling: .average, units: [Unit("branch_pool", 1, 1, 192)]),
      ])
  }

  private static let secondReduction = Block(
    name: "Mixed_7a",
    branches: [
      Branch(units: [Unit("branch3x3_1", 1, 1, 192), Unit("branch3x3_2", 3, 3, 320, stride: 2)]),
      Branch(units: [
        Unit("branch7x7x3_1", 1, 1, 192), Unit("branch7x7x3_2", 1, 7, 192),
        Unit("branch7x7x3_3", 7, 1, 192), Unit("branch7x7x3_4", 3, 3, 192, stride: 2),
      ]),
      Branch(pooling: .reducing, units: []),
    ])

  private static func wide(_ name: String, _ pooling: Pooling) -> Block {
    Block(
      name: name,
      branches: [
        Branch(units: [Unit("branch1x1", 1, 1, 320)]),
        Branch(
          units: [Unit("branch3x3_1", 1, 1, 384)],
          fork: [Unit("branch3x3_2a", 1, 3, 384), Unit("branch3x3_2b", 3, 1, 384)]),
        Branch(
          units: [Unit("branch3x3dbl_1", 1, 1, 448), Unit("branch3x3dbl_2", 3, 3, 384)],
          fork: [Unit("branch3x3dbl_3a", 1, 3, 384), Unit("branch3x3dbl_3b", 3, 1, 384)]),
        Branch(pooling: pooling, units: [Unit("branch_pool", 1, 1, 192)]),
      ])
  }

  /// The block whose first channels are the spatial features.
  static let spatialBlock = "Mixed_6d"
  /// How many of them.
  static let spatialChannelCount = 7
}
