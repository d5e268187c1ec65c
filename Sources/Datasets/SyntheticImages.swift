import ArrayFiles
package import ImageFiles

/// Labelled colour images that are drawn, not photographed: for scaling experiments and tests.
///
/// A class has a shape, a hue and a direction of its background's stripes; place, size and shade are drawn for each
/// image. Computed with sums, products and quotients alone, so that every machine draws the same bytes.
public struct SyntheticImages: Sendable {
  /// Number of classes; the label of image `i` is `i % classCount`.
  public let classCount: Int
  /// Height and width of the images.
  public let size: Int
  /// Other seeds give other images of the same classes.
  public let seed: UInt64

  /// Describes images.
  ///
  /// - Precondition: Counts are positive.
  public init(classCount: Int, size: Int, seed: UInt64 = 0) {
    precondition(
      classCount > 0 && size > 0, "SyntheticImages: \(classCount) classes of size \(size)")
    (self.classCount, self.size, self.seed) = (classCount, size, seed)
  }

  /// Writes a data set.
  ///
  /// - Parameters:
  ///   - count: Number of images.
  ///   - folder: The folder to make; nothing, or an empty folder, may stand there.
  ///   - progress: Called now and then with the number of images done.
  /// - Returns: The manifest.
  /// - Throws: `DataError` if something is there already; `HDF5Error` or `FileError` if the disk refuses.
  @discardableResult
  public func write(
    _ count: Int, to folder: String, progress: (_ doneCount: Int) -> Void = { _ in }
  ) throws -> DatasetManifest {
    try publishFolder(at: folder) { temporary in
      var writer = DatasetWriter(
        folder: temporary, image: .rgb8(height: size, width: size),
        classes: (0..<classCount).map { "class-\($0)" }, attribution: "",
        provenance: "drawn by the program: \(classCount) classes, side \(size), seed \(seed)")
      // As many at a time as take about 64 MiB.
      let batchCount = min(max(1, (1 << 26) / (size * size * 3)), 256)
      for start in stride(from: 0, to: count, by: batchCount) {
        let indices = Array(start..<min(start + batchCount, count))
        for (index, image) in zip(indices, indices.concurrentMap { image(at: $0) }) {
          try writer.append(
            Sample(
              bytes: image.pixels, label: index % classCount,
              key: "image-" + zeroPadded(index, digitCount: 8)))
        }
        progress(indices.count + start)
      }
      return try writer.finish()
    }
  }

  /// The image of an index.
  package func image(at index: Int) -> RGBImage {
    let label = UInt64(index % classCount)
    var own = Draws(key: KeyMixing.key(seed: seed, .synthesis, 1, UInt64(index)))
    var shared = Draws(key: KeyMixing.key(seed: 0, .synthesis, 0, label))
    let hue = Float(label) / Float(classCount)
    let figure = Figure(
      shape: Int(label) % Figure.shapeCount, row: own.between(0.3, 0.7),
      column: own.between(0.3, 0.7),
      radius: own.between(0.15, 0.3))
    let colors = (
      figure: Self.color(hue: hue, shade: own.between(0.6, 1)),
      light: Self.color(hue: hue + 0.5, shade: own.between(0.5, 0.9)),
      dark: Self.color(hue: hue + 0.5 + shared.between(-0.1, 0.1), shade: own.between(0.1, 0.4))
    )
    let stripes = (
      row: shared.between(-6, 6), column: shared.between(-6, 6), phase: own.between(0, 1)
    )
    var pixels: [UInt8] = []
    pixels.reserveCapacity(size * size * 3)
    for row in 0..<size {
      for column in 0..<size {
        let (y, x) = ((Float(row) + 0.5) / Float(size), (Float(column) + 0.5) / Float(size))
        let share = Self.wave(y * stripes.row + x * stripes.column + stripes.phase)
        let coverage = figure.coverage(y, x, edge: 1 / Float(size))
        for channel in 0..<3 {
          let ground = colors.dark[channel] + share * (colors.light[channel] - colors.dark[channel])
          let value = ground + coverage * (colors.figure[channel] - ground)
          pixels.append(UInt8((min(max(value, 0), 1) * 255).rounded(.toNearestOrEven)))
        }
      }
    }
    return RGBImage(height: size, width: size, pixels: pixels)
  }

  /// A wave of straight lines between 0 and 1, of period 1.
  private static func wave(_ x: Float) -> Float {
    let phase = x - x.rounded(.down)
    return phase < 0.5 ? 2 * phase : 2 - 2 * phase
  }

  /// Red, green and blue of a hue on the circle `0 ..< 1`.
  private static func color(hue: Float, shade: Float) -> [Float] {
    [0, Float(1) / 3, Float(2) / 3].map { offset in
      let phase = hue - offset - (hue - offset).rounded(.down)
      let distance = min(phase, 1 - phase)
      return shade * min(max(2 - 6 * distance, 0), 1)
    }
  }

  /// Numbers that a key stands for, one after the other.
  private struct Draws {
    var key: UInt64

    mutating func between(_ least: Float, _ greatest: Float) -> Float {
      key = KeyMixing.mix(key &+ 0x9E37_79B9_7F4A_7C15)
      return least + (greatest - least) * (Float(key >> 40) / Float(1 << 24))
    }
  }

  /// What an image shows.
  private struct Figure {
    static let shapeCount = 5

    let shape: Int
    let row: Float
    let column: Float
    let radius: Float

    /// How much of a pixel the figure covers, from its distance to the border.
    func coverage(_ y: Float, _ x: Float, edge: Float) -> Float {
      let (dy, dx) = (y - row, x - column)
      let distance: Float =
        switch shape {
        case 0: (dy * dy + dx * dx).squareRoot() - radius
        case 1: max(abs(dy), abs(dx)) - radius
        case 2: abs(dy) + abs(dx) - radius
        case 3: abs((dy * dy + dx * dx).squareRoot() - radius * 0.8) - radius * 0.2
        default:
          min(
            max(abs(dy) - radius, abs(dx) - radius / 3), max(abs(dx) - radius, abs(dy) - radius / 3)
          )
        }
      return min(max(0.5 - distance / edge, 0), 1)
    }
  }
}
