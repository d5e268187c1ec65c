import ArrayFiles
import Reporting

/// Outputs that would take the place of what a command reads.
enum OutputCheck {
  /// Refuses an output that is one of the inputs, or in a folder of them.
  ///
  /// - Parameters:
  ///   - output: Where the command writes: a file, or a folder.
  ///   - inputs: What it reads: files and folders.
  /// - Throws: `CommandError.unsupported`.
  static func requireApart(_ output: String, from inputs: [String]) throws {
    for input in inputs
    where FileSystem.isInside(output, input)
      || FileSystem.isSame(output, as: SystemPath.parent(of: input))
    {
      throw CommandError.unsupported(
        "--output \(output): that would write over or among what is read (\(input)): name another place"
      )
    }
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
