import Tensors

extension DiffAugment {
  /// Draws for one pass over a lane: which groups are on by lane, what an image gets by its number in the
  /// step's batch, so that it is the same however the batch is cut into lanes.
  ///
  /// Brightness in [−½, ½), saturation in [0, 2), contrast in [½, 1.5); shifts up to the largest in either
  /// direction; the middles of holes anywhere, at the far edge too if the hole's size is even.
  ///
  /// - Parameters:
  ///   - place: The lane and pass.
  ///   - height: Rows of the images.
  ///   - width: Columns of the images.
  /// - Returns: The draws; all numbers are drawn, whether their group is on or not.
  public func draws(for place: DiscriminatorPlace, height: Int, width: Int) -> Draws {
    var decisions = RandomStream(place.laneKey(for: .augmentation))
    let isOn = (0..<3).map { _ in decisions.uniform() < 0.5 }
    return Draws(
      changesColors: isOn[0], translates: isOn[1], cuts: isOn[2],
      samples: place.samples.map { sample in
        draw(place.sampleKey(sample), height: height, width: width)
      })
  }

  private func draw(_ key: RandomKey, height: Int, width: Int) -> Sample {
    var stream = RandomStream(key)
    let amounts = (0..<3).map { _ in stream.uniform() }
    let shifts = [height, width].map { size in
      let largest = largestShift(of: size)
      return stream.integer(below: 2 * largest + 1) - largest
    }
    let holes = [height, width].map { size in
      stream.integer(below: size + 1 - holeSize(of: size) % 2)
    }
    return Sample(
      brightness: Float(amounts[0] - 0.5), saturation: Float(2 * amounts[1]),
      contrast: Float(amounts[2] + 0.5), shift: PixelPlace(row: shifts[0], column: shifts[1]),
      hole: PixelPlace(row: holes[0], column: holes[1]))
  }
}
