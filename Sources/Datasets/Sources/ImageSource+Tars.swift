import ArrayFiles
import ImageFiles

extension ImageSource {
  /// Adds the samples of WebDataset tars, in the order of the archives.
  ///
  /// Classes are the numbers up to the largest label.
  mutating func addTars(_ paths: [String]) throws {
    for path in paths {
      let tar = try WebDatasetTar(of: path)
      let archive = try SourceArchive(of: tar.file)
      for sample in tar.samples { add(sample, of: archive) }
      archives.append(archive)
      if let damage = tar.damage {
        refusals.append(Refusal(name: path, reason: damage.problem))
      }
    }
    nameClassesByNumber()
    title = "WebDataset tars '\(SystemPath.name(of: path))'"
  }

  /// Adds the tars of the folder, if it is one of tars.
  ///
  /// - Returns: Whether it is.
  /// - Throws: `DataError` for a folder that has folders beside its tars: either could be meant.
  mutating func addTarsOfFolder() throws -> Bool {
    let folder = SystemPath.withoutEndingSlash(path)
    let (subfolders, others) = try ImageFolder.subfolders(of: folder)
    let (tars, rest) = (
      others.filter { $0.reason != .hidden && $0.path.hasSuffix(".tar") },
      others.filter { $0.reason == .hidden || !$0.path.hasSuffix(".tar") }
    )
    guard !tars.isEmpty else { return false }
    guard subfolders.isEmpty else {
      throw DataError(
        file: path,
        problem:
          "it has \(tars.count) tars beside \(subfolders.count) folders, and either could be the images",
        advice:
          "Move the tars away to pack the folders, or name the tars: '\(folder)/NAME-{0..9}.tar'.")
    }
    try addTars(tars.map(\.path))
    omitted += rest.map {
      OmittedFile(path: $0.path, reason: $0.reason == .outsideClasses ? .notAnImage : $0.reason)
    }
    return true
  }

  private mutating func add(_ sample: WebDatasetTar.Sample, of archive: SourceArchive) {
    let name = "\(archive.path)[\(sample.key.prefix(200))]"
    func refuse(_ reason: String) { refusals.append(Refusal(name: name, reason: reason)) }
    switch sample.verdict {
    case .image(let range, let label):
      images.append(
        Image(
          place: .part(archive: archives.count, range: range), byteCount: range.count, label: label,
          key: sample.key, name: name, stamp: UInt64(bitPattern: archive.modificationTime)))
    case .noImage(let endings):
      // `img.0001.jpg` is an image to people, and a member `0001.jpg` of the sample `img` to the format.
      let isMisnamed = endings.contains { ending in
        WebDatasetTar.imageEndings.contains { ending.hasSuffix("." + $0) }
      }
      omitted.append(OmittedFile(path: name, reason: isMisnamed ? .pointInKey : .noImage))
    case .noClass: omitted.append(OmittedFile(path: name, reason: .noClass))
    case .badClass(let text):
      refuse(
        "its class is '\(VisibleText.name(String(text.prefix(40))))', expected an integer from 0 to "
          + "\(WebDatasetTar.largestLabel)")
    case .repeated(let ending): refuse("it has two members '\(ending)'")
    case .longKey:
      refuse(
        "its key has \(sample.key.utf8.count) bytes, expected at most \(SizeLimit.keyByteCount)")
    }
  }

  /// Names the classes 0, 1, … up to the largest label.
  mutating func nameClassesByNumber() {
    let largest = images.lazy.map(\.label).max() ?? -1
    classes = (0..<largest + 1).map(String.init)
  }
}
