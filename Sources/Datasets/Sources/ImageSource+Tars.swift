import ArrayFiles
import ImageFiles

extension ImageSource {
  /// Adds the samples of WebDataset tars, in the order of the archives.
  ///
  /// Classes are the numbers up to the largest label.
  mutating func addTars(_ paths: [String]) throws {
    for path in paths {
      let tar = try WebDatasetTar(of: path)
      for sample in tar.samples { add(sample, of: path) }
      archives.append(tar.file)
      if let damage = tar.damage {
        refusals.append(Refusal(name: path, reason: damage.problem))
      }
    }
    nameClassesByNumber()
    title = "WebDataset tars '\(SystemPath.name(of: path))'"
  }

  private mutating func add(_ sample: WebDatasetTar.Sample, of path: String) {
    let name = "\(path)[\(sample.key)]"
    switch sample.verdict {
    case .image(let range, let label):
      images.append(
        Image(
          place: .part(archive: archives.count, range: range), byteCount: range.count, label: label,
          key: sample.key, name: name))
    case .noImage(let endings):
      // `img.0001.jpg` is an image to people, and a member `0001.jpg` of the sample `img` to the format.
      let isMisnamed = endings.contains { ending in
        WebDatasetTar.imageEndings.contains { ending.hasSuffix("." + $0) }
      }
      omitted.append(OmittedFile(path: name, reason: isMisnamed ? .pointInKey : .noImage))
    case .noClass: omitted.append(OmittedFile(path: name, reason: .noClass))
    case .badClass(let text):
      refusals.append(
        Refusal(
          name: name,
          reason:
            "its class is '\(VisibleText.name(String(text.prefix(40))))', expected an integer from 0 to "
            + "\(WebDatasetTar.largestLabel)"))
    }
  }

  /// Names the classes 0, 1, … up to the largest label.
  mutating func nameClassesByNumber() {
    let largest = images.lazy.map(\.label).max() ?? -1
    classes = (0..<largest + 1).map(String.init)
  }
}
