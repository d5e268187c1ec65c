public import ArrayFiles

/// One thing in which a checkpoint on the disk differs from its manifest.
public enum CheckpointProblem: Sendable, Hashable, CustomStringConvertible {
  /// The manifest is missing, damaged or of another version.
  case manifest(String)
  /// The directory's name gives another step than the manifest.
  case step(expected: Int, found: Int)
  /// A file of the manifest is not there.
  case missingFile(String)
  /// A file has another size or other bytes; nothing in it has been looked at.
  case content(file: String, ContentMismatch)
  /// A file or a tensor in it cannot be read.
  case unreadable(file: String, tensor: String?, reason: String)
  /// A tensor of the manifest is not in its file.
  case missingTensor(file: String, tensor: String)
  /// A tensor is in a file that the manifest does not name.
  case unexpectedTensor(file: String, tensor: String)
  /// A tensor has another shape.
  case shape(file: String, tensor: String, expected: [Int], found: [Int])
  /// A tensor has other elements.
  case tensorDigest(file: String, tensor: String, expected: String, found: String)

  /// Whether there is no manifest to compare anything with.
  var isOfManifest: Bool { if case .manifest = self { true } else { false } }

  /// All problems in one line, without a full stop unless a problem has one.
  static func summary(of problems: [CheckpointProblem]) -> String {
    problems.map(\.description).joined(separator: "; ")
  }

  /// The file, the tensor, what was expected and what was found.
  public var description: String {
    switch self {
    case .manifest(let text): text
    case .step(let expected, let found):
      "the directory's name says step \(expected), the manifest step \(found)"
    case .missingFile(let file): "\(file) is missing"
    case .content(let file, let mismatch):
      "\(file) has \(mismatch.found), \(mismatch.expected) expected"
    case .unreadable(let file, let tensor, let reason):
      "\(file)\(tensor.map { " '\($0)'" } ?? "") cannot be read: \(reason)"
    case .missingTensor(let file, let tensor): "\(file) has no '\(tensor)'"
    case .unexpectedTensor(let file, let tensor):
      "\(file) has '\(tensor)', which does not belong there"
    case .shape(let file, let tensor, let expected, let found):
      "\(file) '\(tensor)' has shape \(found), \(expected) expected"
    case .tensorDigest(let file, let tensor, let expected, let found):
      "\(file) '\(tensor)' has digest \(found), \(expected) expected"
    }
  }
}

/// A checkpoint that cannot be used or written.
public enum CheckpointError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The directory has no manifest: it is no checkpoint, or was not finished.
  case noManifest(directory: String)
  /// The manifest is not as it was written.
  case damagedManifest(directory: String, reason: String)
  /// The checkpoint was written by a program with another layout.
  case unsupportedVersion(directory: String, expected: Int, found: Int)
  /// The checkpoint differs from its manifest.
  case damaged(directory: String, problems: [CheckpointProblem])
  /// A sound checkpoint of the same step and other content is there.
  case occupied(directory: String)
  /// The checkpoint has no such network.
  case noSuchNetwork(directory: String, network: String, found: [String])
  /// The checkpoint has no such file.
  case noSuchFile(directory: String, file: String, found: [String])
  /// The file has no such tensor.
  case noSuchTensor(directory: String, file: String, tensor: String)
  /// The tensor has another number of elements than the memory it is to be read into.
  case elementCount(directory: String, file: String, tensor: String, expected: Int, found: Int)

  /// What is wrong, where, expected against found, and what to do.
  public var description: String {
    switch self {
    case .noManifest(let directory):
      "'\(directory)' has no readable \(CheckpointManifest.fileName): it is no finished checkpoint. "
        + "Choose a directory checkpoints/step-… of a run."
    case .damagedManifest(let directory, let reason):
      "'\(directory)/\(CheckpointManifest.fileName)' is damaged: \(reason). "
        + "Use an older checkpoint, or restore this one from a copy."
    case .unsupportedVersion(let directory, let expected, let found):
      "'\(directory)' has format version \(found), this program reads \(expected). "
        + "Use the program that wrote it."
    // A manifest that cannot be read says where it is and what to do.
    case .damaged(_, let problems) where problems.contains(where: \.isOfManifest):
      CheckpointProblem.summary(of: problems)
    case .damaged(let directory, let problems):
      "'\(directory)' is damaged: \(CheckpointProblem.summary(of: problems)). "
        + "Use an older checkpoint, or restore this one from a copy."
    case .occupied(let directory):
      "'\(directory)' is a sound checkpoint of other content, and is not overwritten. "
        + "Give the run another name, or move the directory away."
    case .noSuchNetwork(let directory, let network, let found):
      "'\(directory)' has no network '\(network)'; it has \(found.joined(separator: ", ")). "
        + "Check that the checkpoint is of the kind expected, and of a step in which it was trained; "
        + "a discriminator that is new to the run begins in a step that is still to come "
        + "(losses.adversarial.start)."
    case .noSuchFile(let directory, let file, let found):
      "'\(directory)' has no file \(file); it has \(found.joined(separator: ", ")). "
        + "Check that the checkpoint is of the kind expected."
    case .noSuchTensor(let directory, let file, let tensor):
      "'\(directory)/\(file)' has no tensor '\(tensor)'. "
        + "Check that the checkpoint is of the configured model."
    case .elementCount(let directory, let file, let tensor, let expected, let found):
      "'\(directory)/\(file)': tensor '\(tensor)' has \(found) elements, the model \(expected). "
        + "Check that the checkpoint is of the configured model."
    }
  }
}
