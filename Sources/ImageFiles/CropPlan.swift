/// How an image of a size becomes a square: which pixels are taken, how they are resized, what is kept.
///
/// A plan is made before the pixels are there, so that no more of them are decoded and resized than the
/// square depends on. The bytes are those of resizing the whole image and cropping.
public struct CropPlan: Equatable, Sendable {
  /// A resize of the plan.
  struct Step: Equatable, Sendable {
    var height: Int
    var width: Int
    var filter: ResamplingFilter
  }

  /// The image's size.
  let height: Int
  let width: Int
  /// The rectangle that is resized as if it were the whole image.
  let source: ImageWindow
  /// The resizes, one after the other.
  private(set) var steps: [Step] = []
  /// What is kept of the last one's result.
  private(set) var kept: ImageWindow
  /// Whether left and right are exchanged in the end.
  public var isMirrored = false

  /// The plan that keeps an image as it is.
  ///
  /// - Parameters:
  ///   - height: Rows of the image.
  ///   - width: Columns of the image.
  public init(height: Int, width: Int) {
    self.init(
      height: height, width: width, source: ImageWindow(rows: 0..<height, columns: 0..<width))
  }

  /// The plan that keeps a rectangle of an image as it is.
  init(height: Int, width: Int, source: ImageWindow) {
    source.requireInside(height: height, width: width)
    self.height = height
    self.width = width
    self.source = source
    kept = ImageWindow(rows: 0..<source.rows.count, columns: 0..<source.columns.count)
  }

  /// The size after the resizes.
  private var resized: (height: Int, width: Int) {
    steps.last.map { ($0.height, $0.width) } ?? (source.rows.count, source.columns.count)
  }

  /// Adds a resize, all of which is kept.
  mutating func resize(height: Int, width: Int, filter: ResamplingFilter) {
    steps.append(Step(height: height, width: width, filter: filter))
    kept = ImageWindow(rows: 0..<height, columns: 0..<width)
  }

  /// Halves with a box filter while the short side is at least twice a length.
  mutating func halve(towards newShortSide: Int) {
    while min(resized.height, resized.width) / 2 >= newShortSide {
      resize(height: resized.height / 2, width: resized.width / 2, filter: .box)
    }
  }

  /// Brings the short side to a length by bicubic resampling, and keeps a window.
  mutating func resize(
    shortSide newShortSide: Int, convention: CropConvention,
    keeping window: (_ height: Int, _ width: Int) -> ImageWindow
  ) {
    let size = convention.size(
      ofHeight: resized.height, width: resized.width, withShortSide: newShortSide)
    resize(height: size.height, width: size.width, filter: .bicubic)
    kept = window(size.height, size.width)
  }

  /// The resizes that change something with what each of them keeps, and the pixels of the image that
  /// the first of them takes.
  private var windowed: (resizes: [WindowedResize], inputs: ImageWindow) {
    var window = kept
    var resizes: [WindowedResize] = []
    let sizes = [(source.rows.count, source.columns.count)] + steps.map { ($0.height, $0.width) }
    for (step, size) in zip(steps, sizes).reversed() {
      let resize = WindowedResize(
        fromHeight: size.0, width: size.1, toHeight: step.height, width: step.width,
        filter: step.filter, keeping: window)
      window = resize.inputs
      resizes.insert(resize, at: 0)
    }
    let inputs = ImageWindow(
      rows: window.rows.shifted(by: source.rows.lowerBound),
      columns: window.columns.shifted(by: source.columns.lowerBound))
    return (resizes, inputs)
  }

  /// The square that the plan makes.
  ///
  /// - Parameter load: Gives a window of the image, or more: with the row and the column of the whole
  ///   image at which what it gives begins.
  /// - Returns: The square.
  /// - Throws: What `load` throws.
  func square<Failure>(
    load: (_ window: ImageWindow) throws(Failure) -> (part: RGBImage, row: Int, column: Int)
  ) throws(Failure) -> RGBImage {
    let (resizes, inputs) = windowed
    let (part, row, column) = try load(inputs)
    guard let first = resizes.first else {
      let window = ImageWindow(
        rows: inputs.rows.shifted(by: -row), columns: inputs.columns.shifted(by: -column))
      return mirroredIfAsked(part.cropped(to: window))
    }
    var image = first(
      of: part, atRow: row - source.rows.lowerBound, column: column - source.columns.lowerBound)
    for resize in resizes.dropFirst() {
      let inputs = resize.inputs
      image = resize(
        of: image, atRow: inputs.rows.lowerBound, column: inputs.columns.lowerBound)
    }
    return mirroredIfAsked(image)
  }

  private func mirroredIfAsked(_ image: RGBImage) -> RGBImage {
    isMirrored ? image.mirrored() : image
  }
}

extension RGBImage {
  /// What a plan for images of this size makes of this one.
  ///
  /// - Precondition: The plan is for images of this size.
  public func cropped(by plan: CropPlan) -> RGBImage {
    precondition(
      plan.height == height && plan.width == width,
      "cropped: a plan for \(plan.height) x \(plan.width), the image is \(height) x \(width)")
    return plan.square { _ in (self, 0, 0) }
  }
}
