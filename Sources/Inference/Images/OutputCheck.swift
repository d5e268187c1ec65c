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
    let folder = SystemPath.parent(of: SystemPath.withoutEndingSlash(output))
    for input in inputs
    where FileSystem.isSame(output, as: input) || FileSystem.isSame(folder, as: input)
      || FileSystem.isSame(output, as: SystemPath.parent(of: input))
    {
      throw CommandError.unsupported(
        "--output \(output): that would write over or among what is read (\(input)): name another place"
      )
    }
  }
}
