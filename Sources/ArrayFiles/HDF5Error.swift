/// A failure of the HDF5 library, or a file whose content is not what was asked for.
public struct HDF5Error: Error, Sendable, Hashable, CustomStringConvertible {
  /// The call that failed, as HDF5 names it, or the operation of this module that refused.
  public let call: String
  /// The path of the file.
  public let file: String
  /// The dataset, group or attribute, where one is concerned.
  public let object: String?
  /// HDF5's own messages, outermost first, or the two values that do not agree.
  public let reason: String
  /// What to do.
  public let advice: String

  /// The failure of `call` on `object` in `file`; without `advice` it follows from the reason.
  init(call: String, file: String, object: String?, reason: String, advice: String? = nil) {
    self.call = call
    self.file = file
    self.object = object
    self.reason = reason
    self.advice = advice ?? Self.advice(for: reason)
  }

  /// What failed, where and why, without a full stop, for those who know better what to do.
  public var problem: String {
    let file = VisibleText.name(file)
    let place = object.map { "'\(VisibleText.name($0))' in '\(file)'" } ?? "'\(file)'"
    return "\(call) failed on \(place): \(reason)"
  }

  /// What failed, where, why, and what to do.
  public var description: String { "\(problem). \(advice)" }

  private static func advice(for reason: String) -> String {
    let known: [(sign: String, advice: String)] = [
      (
        "Fletcher32", "The stored bytes are damaged: restore the file from a copy or write it anew."
      ),
      ("file signature not found", "The file is not HDF5 or its beginning is damaged: check it."),
      (
        "truncated file",
        "The file ends early, as after a copy or a program that was cut off: copy or write it anew."
      ),
      ("No space left", "The disk is full: free some space or write to another disk."),
      ("No such file", "The file does not exist: check the path."),
      ("Permission denied", "Check the owner and mode of the file and of its folder."),
      (
        "already open",
        "Another part of the program has the file open: close it there before it is written."
      ),
      ("doesn't exist", "List the file's datasets (h5ls) and check the name."),
    ]
    return known.first { reason.contains($0.sign) }?.advice
      ?? "Check the file with h5dump, and the disk it is on."
  }
}
