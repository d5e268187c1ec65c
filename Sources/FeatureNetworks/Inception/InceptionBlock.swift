import Autodiff

/// Branches whose results are joined along the channels.
struct InceptionBlock {
  private struct Branch {
    let pooling: InceptionArchitecture.Pooling?
    let units: [InceptionUnit]
    let fork: [InceptionUnit]
  }

  /// The block's name.
  let name: String
  /// Channels of the result.
  let outputCount: Int
  private let branches: [Branch]

  /// All units.
  var units: [InceptionUnit] { branches.flatMap { $0.units + $0.fork } }

  init(
    _ block: InceptionArchitecture.Block, inputCount: Int, width: (_ unit: String) -> Int?,
    in scope: ParameterScope
  ) {
    name = block.name
    var outputCount = 0
    branches = block.branches.map { branch in
      var count = inputCount
      func make(_ unit: InceptionArchitecture.Unit) -> InceptionUnit {
        InceptionUnit(
          unit, inputCount: count,
          outputCount: width("\(block.name).\(unit.name)") ?? unit.width, in: scope[unit.name])
      }
      let units = branch.units.map { unit in
        let made = make(unit)
        count = made.outputCount
        return made
      }
      let fork = branch.fork.map(make)
      outputCount += fork.isEmpty ? count : fork.reduce(0) { $0 + $1.outputCount }
      return Branch(pooling: branch.pooling, units: units, fork: fork)
    }
    self.outputCount = outputCount
  }

  /// Applies the block to `x`, `[batch, height, width, inputCount]`.
  func callAsFunction(_ x: Variable) -> Variable {
    concatenateChannels(
      branches.flatMap { branch in
        let pooled = branch.pooling.map { pool(x, $0) } ?? x
        let y = branch.units.reduce(pooled) { $1($0) }
        return branch.fork.isEmpty ? [y] : branch.fork.map { $0(y) }
      })
  }

  private func pool(_ x: Variable, _ pooling: InceptionArchitecture.Pooling) -> Variable {
    let (height, width) = (x.shape[1], x.shape[2])
    switch pooling {
    case .average:
      return neighbourMean(x, radius: 1)
    case .maximum:
      // Behind a ReLU no cell is below the zeros outside.
      let padded = imageWindow(x, rows: -1..<height + 1, columns: -1..<width + 1)
      return maxPool(padded, kernelSize: 3, stride: 1)
    case .reducing: return maxPool(x, kernelSize: 3, stride: 2)
    }
  }
}
