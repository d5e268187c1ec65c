public import ArrayFiles
public import Foundation
public import Testing

/// One case of a PyTorch program of the same method: weights with the results and gradients they must have.
public struct GoldenCase: Sendable, CustomTestStringConvertible {
  /// The case's name: that of its files.
  public let name: String
  /// The folder of the golden directory that it lies in; empty for the directory itself.
  public let folder: String
  /// Where its files are.
  private let directory: URL
  /// Whether it is a fixture.
  public let isShipped: Bool

  /// The folder and the name.
  public var testDescription: String { folder.isEmpty ? name : "\(folder)/\(name)" }

  /// Each case as a fixture, and in the directory that `RESTOK_GOLDEN_DIRECTORY` names.
  ///
  /// What is not in that directory is said and left out. A fixture that is missing fails its test.
  ///
  /// - Parameters:
  ///   - names: The names of the cases.
  ///   - folder: The folder of the golden directory, and of the fixtures.
  ///   - fixtures: The directory of the fixtures.
  /// - Returns: The cases.
  public static func cases(_ names: [String], in folder: String = "", fixtures: URL) -> [GoldenCase]
  {
    let shipped = names.map {
      GoldenCase(
        name: $0, folder: folder, directory: fixtures.appendingPathComponent(folder),
        isShipped: true)
    }
    guard let given = ProcessInfo.processInfo.environment["RESTOK_GOLDEN_DIRECTORY"] else {
      return shipped
    }
    let directory = URL(fileURLWithPath: given).appendingPathComponent(folder)
    let found = names.compactMap { name -> GoldenCase? in
      let golden = GoldenCase(name: name, folder: folder, directory: directory, isShipped: false)
      guard [golden.path, golden.fieldsPath].contains(where: FileManager.default.fileExists) else {
        print("golden \(golden.testDescription): skipped, there is no \(golden.path)")
        return nil
      }
      return golden
    }
    return shipped + found
  }

  /// The names of the cases that a folder of fixtures has files of.
  ///
  /// - Throws: `CocoaError` when it cannot be read.
  public static func names(in folder: String = "", fixtures: URL) throws -> Set<String> {
    let files = try FileManager.default.contentsOfDirectory(
      atPath: fixtures.appendingPathComponent(folder).path)
    return Set(files.filter { $0.hasSuffix(".safetensors") }.map { String($0.dropLast(12)) })
  }

  /// The file of the case's tensors.
  private var path: String { directory.appendingPathComponent(name + ".safetensors").path }

  /// The file of the case's fields.
  private var fieldsPath: String { directory.appendingPathComponent(name + ".json").path }

  /// The path of another file that lies beside the case's own.
  public func path(of name: String) -> String { directory.appendingPathComponent(name).path }

  /// The case of another name that lies beside this one.
  public func neighbour(_ name: String) -> GoldenCase {
    GoldenCase(name: name, folder: folder, directory: directory, isShipped: isShipped)
  }

  /// The fields as they are, for names that are no Swift names.
  public func value() throws -> GoldenValue {
    try JSONDecoder().decode(
      GoldenValue.self, from: Data(contentsOf: URL(fileURLWithPath: fieldsPath)))
  }

  /// The tensors `param.*`, `frozen.*`, `in.*`, `out.*`, `grad.*` and `mid.*`.
  public func tensors() throws -> SafetensorsFile { try SafetensorsFile(contentsOf: path) }

  /// The configuration, in the field names of that program.
  public func fields<Fields: Decodable>(_ type: Fields.Type = Fields.self) throws -> Fields {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(
      type, from: Data(contentsOf: directory.appendingPathComponent(name + ".json")))
  }
}
