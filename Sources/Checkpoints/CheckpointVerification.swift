public import ArrayFiles

/// The comparison of a checkpoint on the disk with its manifest.
///
/// Files that the manifest does not name are no damage: a viewer of folders, an editor or a network file
/// system leaves some.
public struct CheckpointVerification: Sendable, Hashable {
  /// The checkpoint's directory.
  public let directory: String
  /// The manifest, or nil where it cannot be read.
  public let manifest: CheckpointManifest?
  /// Everything that differs; empty for a sound checkpoint.
  public let problems: [CheckpointProblem]
  /// Names in the directory that the manifest does not have, sorted.
  public let foreignNames: [String]
  /// Why there is no manifest; nil where there is one.
  public let manifestError: CheckpointError?
  /// What the system could not read just now: that may be sound, and is nothing to pass over.
  public let readError: FileError?
  /// The files whose bytes were compared with the manifest, as they were then.
  let comparedFiles: [String: FileIdentity]

  /// Whether everything is there and as it was written.
  public var isSound: Bool { problems.isEmpty }

  /// Whether it was written by a newer program: no damage, but nothing that this one may pass over.
  public var isOfNewerVersion: Bool {
    if case .unsupportedVersion = manifestError { true } else { false }
  }

  /// Reads a checkpoint from the first byte to the last: manifest, sizes and digests of the files, and
  /// then the shapes and digests of the tensors of those files that have theirs.
  ///
  /// A file of another size or digest is not opened: what is damaged in it nobody can say safely. With
  /// `isTensorwise` false no tensors are looked at: enough for a checkpoint that was verified when it
  /// was written, whose bytes it compares.
  public init(of directory: String, isTensorwise: Bool = true) {
    self.directory = directory
    var comparedFiles: [String: FileIdentity] = [:]
    var readError: FileError?
    do {
      let manifest = try CheckpointManifest(directory: directory)
      let (problems, foreignNames) = Self.nameProblems(directory, manifest)
      self.problems =
        problems
        + manifest.files.flatMap {
          Self.problems(
            of: $0, in: directory, isTensorwise: isTensorwise, &comparedFiles, &readError)
        }
      (self.manifest, self.foreignNames) = (manifest, foreignNames)
      manifestError = nil
    } catch {
      (manifest, foreignNames) = (nil, [])
      problems = [.manifest("\(error)")]
      manifestError = error as? CheckpointError
      readError = (error as? FileError).flatMap { $0.mayPass ? $0 : nil }
    }
    self.readError = readError
    self.comparedFiles = comparedFiles
  }

  /// All problems in one line.
  public var summary: String { CheckpointProblem.summary(of: problems) }

  /// Throws if the checkpoint is not sound.
  ///
  /// - Throws: `CheckpointError.damaged` with all problems; what `requireReadable` throws.
  public func requireSound() throws {
    try requireReadable()
    guard isSound else {
      throw CheckpointError.damaged(directory: directory, problems: problems)
    }
  }

  /// Throws if a newer program wrote the checkpoint, or the system cannot read it just now.
  ///
  /// - Throws: `CheckpointError.unsupportedVersion` or `FileError`: neither is damage, after which another
  ///   checkpoint may take its place.
  package func requireReadable() throws {
    if let manifestError, isOfNewerVersion { throw manifestError }
    if let readError { throw readError }
  }

  private static func nameProblems(_ directory: String, _ manifest: CheckpointManifest)
    -> (problems: [CheckpointProblem], foreignNames: [String])
  {
    var problems: [CheckpointProblem] = []
    // A checkpoint may be copied to any name, but a name that says a step must say the right one.
    if let step = CheckpointStore.step(ofDirectory: directory), step != manifest.step {
      problems.append(.step(expected: step, found: manifest.step))
    }
    let expected = Set(manifest.files.map(\.name) + [CheckpointManifest.fileName])
    do {
      let found = try FileSystem.names(in: directory)
      problems += expected.subtracting(found).sorted().map { .missingFile($0) }
      return (problems, found.filter { !expected.contains($0) })
    } catch {
      return (problems + [.unreadable(file: directory, tensor: nil, reason: "\(error)")], [])
    }
  }

  private static func problems(
    of file: CheckpointManifest.File, in directory: String, isTensorwise: Bool,
    _ comparedFiles: inout [String: FileIdentity], _ readError: inout FileError?
  ) -> [CheckpointProblem] {
    let path = directory + "/" + file.name
    do {
      let identity = try FileIdentity(of: path)
      try file.record.check(path)
      comparedFiles[file.name] = identity
    } catch let error as ContentMismatch {
      return [.content(file: file.name, error)]
    } catch let error as FileError where error.isMissing {
      // Said already: the file is missing.
      return []
    } catch {
      if let error = error as? FileError, error.mayPass { readError = error }
      return [.unreadable(file: file.name, tensor: nil, reason: "\(error)")]
    }
    guard isTensorwise else { return [] }
    do {
      let opened = try HDF5File(
        reading: path, matching: file.record, comparedBefore: comparedFiles[file.name])
      let expected = Set(file.tensors.map(\.name))
      var problems: [CheckpointProblem] = try opened.datasetNames()
        .filter { !expected.contains($0) }
        .map { .unexpectedTensor(file: file.name, tensor: $0) }
      // Memory for the largest tensor serves them all.
      var elements: [Float] = []
      problems += file.tensors.compactMap {
        problem(of: $0, in: opened, file: file.name, &elements)
      }
      try opened.close()
      return problems
    } catch {
      return [.unreadable(file: file.name, tensor: nil, reason: "\(error)")]
    }
  }

  private static func problem(
    of tensor: CheckpointManifest.Tensor, in file: HDF5File, file name: String,
    _ elements: inout [Float]
  ) -> CheckpointProblem? {
    do {
      guard try file.hasDataset(tensor.name) else {
        return .missingTensor(file: name, tensor: tensor.name)
      }
      let dataset = try file.dataset(tensor.name)
      guard dataset.shape == tensor.shape else {
        return .shape(
          file: name, tensor: tensor.name, expected: tensor.shape, found: dataset.shape)
      }
      let missingCount = dataset.elementCount - elements.count
      if missingCount > 0 { elements += [Float](repeating: 0, count: missingCount) }
      let digest = try elements.withUnsafeMutableBytes { bytes in
        let used = UnsafeMutableRawBufferPointer(
          rebasing: bytes[..<(dataset.elementCount * MemoryLayout<Float>.stride)])
        try dataset.read(into: used, as: .float32)
        return ContentDigest.of(UnsafeRawBufferPointer(used)).hexadecimal
      }
      return digest == tensor.digest
        ? nil
        : .tensorDigest(
          file: name, tensor: tensor.name, expected: tensor.digest, found: digest)
    } catch {
      return .unreadable(file: name, tensor: tensor.name, reason: "\(error)")
    }
  }
}
