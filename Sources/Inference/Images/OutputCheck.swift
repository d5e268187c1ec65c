import ArrayFiles
import Reporting

/// Outputs that would take the place of what a command reads.
package enum OutputCheck {
  /// Refuses an output that is one of the inputs, is in a folder of them, or has one of them in it.
  ///
  /// - Parameters:
  ///   - output: Where the command writes: a file, or a folder.
  ///   - inputs: What it reads: files and folders.
  /// - Throws: `CommandError.unsupported`.
  package static func requireApart(_ output: String, from inputs: [String]) throws {
    for input in inputs
    where FileSystem.isInside(output, input) || isInside(input, folder: output) {
      throw CommandError.unsupported(
        "--output \(output): that would write over or among what is read (\(input)): name another place"
      )
    }
  }

  /// Whether something, or what it leads to as a link, is in a folder.
  private static func isInside(_ path: String, folder: String) -> Bool {
    let target = try? FileSystem.absolutePath(of: path)
    return [path, target ?? path].contains { FileSystem.isInside($0, folder) }
  }

  /// Refuses two outputs of one command that are one and the same file.
  ///
  /// - Throws: `CommandError.unsupported`.
  static func requireTwo(_ output: String, _ other: String, option: String) throws {
    guard FileSystem.isSamePlace(output, as: other) else { return }
    throw CommandError.unsupported(
      "--output \(output) and \(option) \(other) are one and the same file: name another place")
  }
}
