import ArrayFiles
import Foundation
import Reporting

/// Which classes images are sampled of.
public enum LabelSelection: Sendable, Equatable {
  /// As many images of each of these classes, one class after the other; of all where they are not named.
  case classes([Int]?, count: Int)
  /// So many images, of the classes 0, 1, … up to the last and from 0 on again, as the ADM suite's protocol has it.
  case balanced(count: Int)
  /// The class of each image in a file: a `.npy` of int32 or int64 with one axis, or text with one number a line.
  case file(String)

  /// More images than these are not sampled at a time.
  private static let largestCount = 1 << 27

  /// The class of each image.
  ///
  /// - Parameter classCount: Classes of the generator.
  /// - Returns: At least one class.
  /// - Throws: `CommandError.unsupported` for too many images, or classes that the generator does not have;
  ///   `ArrayFileError` and `FileError` for a file that is no list of classes.
  public func labels(classCount: Int) throws -> [Int] {
    let all: [Int]
    switch self {
    case .classes(let named, let count):
      let classes = named ?? Array(0..<classCount)
      try Self.require(classes.count, count)
      all = classes.flatMap { [Int](repeating: $0, count: count) }
    case .balanced(let count):
      try Self.require(1, count)
      all = (0..<count).map { $0 % classCount }
    case .file(let path): all = try Self.labels(inFile: path)
    }
    if let index = all.firstIndex(where: { !(0..<classCount).contains($0) }) {
      throw CommandError.unsupported(
        "image \(index) is to be of class \(all[index]), and the generator has the classes 0 to "
          + "\(classCount - 1)")
    }
    return all
  }

  private static func require(_ classCount: Int, _ count: Int) throws(CommandError) {
    do {
      _ = try claimedSize(
        product: [classCount, count], field: "images", of: "the command", atLeast: 1,
        limit: largestCount)
    } catch {
      throw .unsupported(
        "\(count) images of \(classCount) class(es): expected 1 to \(largestCount) in all")
    }
  }

  private static func labels(inFile path: String) throws -> [Int] {
    let labels =
      SystemPath.ending(of: path) == "npy" ? try numbers(ofArray: path) : try lines(ofText: path)
    guard !labels.isEmpty else {
      throw ArrayFileError(
        file: path, problem: "it has no classes", advice: "Write the class of each image into it.")
    }
    try require(1, labels.count)
    return labels
  }

  private static func numbers(ofArray path: String) throws -> [Int] {
    let array = try NumPyArray(contentsOf: path)
    guard [.int32, .int64].contains(array.elementType), array.shape.count == 1 else {
      throw ArrayFileError(
        file: path,
        problem: "found \(array.elementType) of shape \(array.shape), expected int32 or int64 [N]",
        advice: "Save the classes of the images as such an array.")
    }
    return array.elementType == .int64
      ? try array.elements(as: Int64.self).map { Int($0) }
      : try array.elements(as: Int32.self).map { Int($0) }
  }

  private static func lines(ofText path: String) throws -> [Int] {
    let size = try claimedSize(
      FileSystem.size(of: path), field: "the file's size", of: path, limit: 20 * largestCount)
    let text = String(decoding: try FileSystem.bytes(of: path, upTo: size), as: UTF8.self)
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return try lines.enumerated().map { index, line in
      guard let label = Int(line.trimmingCharacters(in: .whitespaces)) else {
        throw ArrayFileError(
          file: path,
          problem: "line \(index + 1) is '\(VisibleText.name(String(line.prefix(40))))'",
          advice: "Write one number a line, the class of an image.")
      }
      return label
    }
  }
}
