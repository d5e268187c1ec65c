public import ArrayFiles
public import Autodiff
public import Tensors
import Testing

extension SafetensorsFile {
  /// The elements of a float32 tensor in double precision.
  public func doubles(_ name: String) throws -> [Double] {
    try tensor(name).floats().map(Double.init)
  }

  /// A float32 tensor as it is.
  public func floats(_ name: String) throws -> Tensor {
    let stored = try tensor(name)
    return Tensor(try stored.floats(), shape: stored.shape)
  }

  /// The elements of an integer tensor.
  public func int32s(_ name: String) throws -> [Int32] {
    try tensor(name).int64s().map { Int32($0) }
  }

  /// The only element of a tensor.
  public func number(_ name: String) throws -> Double {
    let elements = try doubles(name)
    return try #require(elements.count == 1 ? elements.first : nil, "\(name) is not one number")
  }

  /// The names that follow a prefix.
  public func names(after prefix: String) -> [String] {
    names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  }

  /// The tensors whose names begin with a prefix as a file of weights, under what follows it.
  public func weights(after prefix: String) throws -> WeightsFile {
    WeightsFile(
      try names(after: prefix).map { name in
        let stored = try tensor(prefix + name)
        return SafetensorsTensor(name, try stored.floats(), shape: stored.shape)
      }, path: path)
  }

  /// Images `[..., channels, height, width]` of the file with the channels last.
  public func images(_ name: String) throws -> Tensor {
    let stored = try tensor(name)
    let shape = Array(stored.shape.suffix(4))
    try #require(shape.count == 4, "\(name) has shape \(stored.shape)")
    let elements = channelsLast(
      try stored.floats(), planeSize: shape[2] * shape[3], channelCount: shape[1])
    return Tensor(
      elements, shape: stored.shape.dropLast(3) + [shape[2], shape[3], shape[1]])
  }

  /// Fills an arena from `param.*`: the names and shapes of both must be the same.
  public func readParameters(into arena: ParameterArena) throws {
    #expect(Set(names(after: "param.")) == Set(arena.parameters.map(\.name)))
    for parameter in arena.parameters {
      let stored = try tensor("param.\(parameter.name)")
      try #require(stored.shape == parameter.publishedShape, "\(parameter.name)")
      parameter.value.buffer.copy(from: parameter.arranged(try stored.floats()))
    }
  }
}

extension Parameter {
  /// Published elements in the engine's order.
  public func arranged(_ published: [Float]) -> [Float] {
    guard let (kernelSize, inputCount) = layout.transposition(of: shape) else { return published }
    return channelsLast(published, planeSize: kernelSize, channelCount: inputCount)
  }

  /// The parameter's part of an array parallel to its arena, in the published order.
  public func published(_ array: Tensor) -> [Double] {
    let elements = array.array(of: Float.self)[range].map(Double.init)
    guard let (kernelSize, inputCount) = layout.transposition(of: shape) else { return elements }
    return channelsFirst(elements, planeSize: kernelSize, channelCount: inputCount)
  }
}

/// `[..., channels, plane]` → `[..., plane, channels]`.
public func channelsLast<Element>(_ elements: [Element], planeSize: Int, channelCount: Int)
  -> [Element]
{
  channelsFirst(elements, planeSize: channelCount, channelCount: planeSize)
}

/// `[..., plane, channels]` → `[..., channels, plane]`.
public func channelsFirst<Element>(_ elements: [Element], planeSize: Int, channelCount: Int)
  -> [Element]
{
  let imageSize = planeSize * channelCount
  return elements.indices.map { index in
    let (image, inside) = index.quotientAndRemainder(dividingBy: imageSize)
    let (channel, pixel) = inside.quotientAndRemainder(dividingBy: planeSize)
    return elements[image * imageSize + pixel * channelCount + channel]
  }
}
