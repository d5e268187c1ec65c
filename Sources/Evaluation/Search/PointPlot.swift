package import ImageFiles

/// Points over plain axes, each series in a colour of its own; the numbers are in a table beside it.
package struct PointPlot {
  /// A point.
  package struct Point {
    let x: Double
    let y: Double

    /// A point.
    package init(x: Double, y: Double) { (self.x, self.y) = (x, y) }
  }

  /// The points of each series.
  private let series: [[Point]]

  /// A plot of some series.
  package init(series: [[Point]]) { self.series = series }

  private static let (width, height, margin) = (640, 480, 40)
  private static let colours: [[UInt8]] = [
    [31, 119, 180], [255, 127, 14], [44, 160, 44], [214, 39, 40], [148, 103, 189], [140, 86, 75],
    [227, 119, 194], [127, 127, 127], [188, 189, 34], [23, 190, 207],
  ]

  /// The picture: axes with ten marks, lines from point to point of a series by ascending x, squares on the points.
  package var picture: RGBImage {
    var canvas = Canvas(width: Self.width, height: Self.height)
    let (left, right) = (Self.margin, Self.width - Self.margin)
    let (top, bottom) = (Self.margin, Self.height - Self.margin)
    let black: [UInt8] = [0, 0, 0]
    canvas.line(from: (left, bottom), to: (right, bottom), black)
    canvas.line(from: (left, top), to: (left, bottom), black)
    for mark in 0...10 {
      let (x, y) = (left + (right - left) * mark / 10, bottom - (bottom - top) * mark / 10)
      canvas.line(from: (x, bottom), to: (x, bottom + 5), black)
      canvas.line(from: (left - 5, y), to: (left, y), black)
    }
    let all = series.joined()
    let place = (
      x: Self.scale(all.map(\.x), to: left...right), y: Self.scale(all.map(\.y), to: top...bottom)
    )
    for (index, points) in series.enumerated() {
      let colour = Self.colours[index % Self.colours.count]
      let places = points.sorted { $0.x < $1.x }.map { point in
        (Int(place.x(point.x)), top + bottom - Int(place.y(point.y)))
      }
      for (first, second) in zip(places, places.dropFirst()) {
        canvas.line(from: first, to: second, colour)
      }
      for (x, y) in places { canvas.square(around: (x, y), colour) }
    }
    return RGBImage(height: Self.height, width: Self.width, pixels: canvas.pixels)
  }

  /// Maps the range of some numbers to a range of pixels.
  private static func scale(
    _ numbers: [Double], to pixels: ClosedRange<Int>
  ) -> (Double) -> Double {
    let (least, most) = (numbers.min() ?? 0, numbers.max() ?? 0)
    let (first, size) = (Double(pixels.lowerBound), Double(pixels.count - 1))
    guard most > least else { return { _ in first + size / 2 } }
    return { first + ($0 - least) / (most - least) * size }
  }

  /// Pixels that are drawn on.
  private struct Canvas {
    let width: Int
    let height: Int
    private(set) var pixels: [UInt8]

    init(width: Int, height: Int) {
      (self.width, self.height) = (width, height)
      pixels = [UInt8](repeating: 255, count: width * height * 3)
    }

    mutating func dot(_ x: Int, _ y: Int, _ colour: [UInt8]) {
      guard 0..<width ~= x, 0..<height ~= y else { return }
      let place = (y * width + x) * 3
      pixels.replaceSubrange(place..<place + 3, with: colour)
    }

    mutating func line(from first: (Int, Int), to second: (Int, Int), _ colour: [UInt8]) {
      let count = max(1, abs(second.0 - first.0), abs(second.1 - first.1))
      for step in 0...count {
        dot(
          first.0 + (second.0 - first.0) * step / count,
          first.1 + (second.1 - first.1) * step / count, colour)
      }
    }

    mutating func square(around centre: (Int, Int), _ colour: [UInt8]) {
      for y in -3...3 {
        for x in -3...3 { dot(centre.0 + x, centre.1 + y, colour) }
      }
    }
  }
}
