import ArrayFiles

/// The comparison of a checkpoint on the disk with its manifest.
public struct CheckpointVerification: Sendable, Hashable {
  /// The checkpoint's directory.
  public let directory: String
  /// The manifest, or nil where it cannot be read.
  public let manifest: CheckpointManifest?
  /// Everything that differs; empty for a sound checkpoint.
  public let problems: [CheckpointProblem]

  /// Whether everything is there and as it was written.
  public var isSound: Bool { problems.isEmpty }

  /// Reads a checkpoint from the first byte to the last: manifest, sizes and digests of the files,
  /// shapes and digests of the tensors.
  ///
  /// With `isTensorwise` false, tensors are looked at only where a file's digest does not match: enough
  /// for a checkpoint that was verified when it was written, whose bytes it compares.
  public init(of directory: String, isTensorwise: Bool = true) {
    self.directory = directory
    do {
      let manifest = try CheckpointManifest(directory: directory)
      self.manifest = manifest
      problems =
        Self.nameProblems(directory, manifest)
        + manifest.files.flatMap {
          Self.problems(of: $0, in: directory, isTensorwise: isTensorwise)
        }
    } catch {
      manifest = nil
      problems = [.manifest("\(error)")]
    }
  }

  /// All problems in one line.
  public var summary: String { CheckpointProblem.summary(of: problems) }

  /// Throws if the checkpoint is not sound.
  ///
  /// - Throws: `CheckpointError.damaged` with all problems.
  public func requireSound() throws {
    guard isSound else {
      throw CheckpointError.damaged(directory: directory, problems: problems)
    }
  }

  private static func nameProblems(_ directory: String, _ manifest: CheckpointManifest)
    -> [CheckpointProblem]
  {
    var problems: [CheckpointProblem] = []
    // A checkpoint may be copied to any name, but a name that says a step must say the right one.
    if let step = CheckpointStore.step(ofDirectory: directory), step != manifest.step {
      problems.append(.step(expected: step, found: manifest.step))
    }
    let expected = Set(manifest.files.map(\.name) + [CheckpointManifest.fileName])
    do {
      let found = try FileSystem.names(in: directory)
      problems += found.filter { !expected.contains($0) }.map { .unexpectedFile($0) }
      problems += expected.subtracting(found).sorted().map { .missingFile($0) }
    } catch {
      problems.append(.unreadable(file: directory, tensor: nil, reason: "\(error)"))
    }
    return problems
  }

  private static func problems(
    of file: CheckpointManifest.File, in directory: String, isTensorwise: Bool
  ) -> [CheckpointProblem] {
    let path = directory + "/" + file.name
    var problems: [CheckpointProblem] = []
    do {
      let size = try FileSystem.size(of: path)
      if size != file.size {
        problems.append(.size(file: file.name, expected: file.size, found: size))
      }
      let digest = try ContentDigest.ofFile(at: path).hexadecimal
      if digest != file.digest {
        problems.append(.digest(file: file.name, expected: file.digest, found: digest))
      }
    } catch let error as FileError where error.isMissing {
      // Said already: the file is missing.
      return []
    } catch {
      return problems + [.unreadable(file: file.name, tensor: nil, reason: "\(error)")]
    }
    if problems.isEmpty && !isTensorwise { return [] }
    // Also after a digest that does not match: the tensors say where the damage is.
    do {
      let opened = try HDF5File(reading: path)
      let expected = Set(file.tensors.map(\.name))
      problems += try opened.datasetNames().filter { !expected.contains($0) }
        .map { .unexpectedTensor(file: file.name, tensor: $0) }
      // Memory for the largest tensor serves them all.
      var elements: [Float] = []
      problems += file.tensors.compactMap {
        problem(of: $0, in: opened, file: file.name, &elements)
      }
      try opened.close()
    } catch {
      problems.append(.unreadable(file: file.name, tensor: nil, reason: "\(error)"))
    }
    return problems
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
