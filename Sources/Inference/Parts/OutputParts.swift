import ArrayFiles
import Foundation
import ImageFiles
import Reporting

/// The finished and unfinished blocks of an output, beside their destination.
struct OutputParts {
  let plan: OutputPlan
  let stage: OutputStage
  private let blocks: [Range<Int>]
  private let planDigests: [String]

  private static let factsName = "facts"

  /// Takes the output's place.
  ///
  /// - Parameters:
  ///   - plan: The output.
  ///   - isFirst: Whether this is the rank that begins and finishes.
  ///   - notice: Is told why parts of an earlier command are made anew.
  /// - Throws: `OutputStageHeld`, `FileError`, and what the plan throws.
  init(_ plan: OutputPlan, isFirst: Bool, _ notice: Notice) throws {
    self.plan = plan
    blocks = plan.blocks
    planDigests = try blocks.map { try plan.digest(ofBlock: $0) }
    stage = try OutputStage(for: plan.destination, kind: Self.stageKind, isFirst: isFirst)
    guard isFirst else { return }
    try tellDifferences(notice)
    let codes = plan.codes == nil ? [] : blocks.indices.map(Self.codesName)
    try stage.removeStrangers(
      to: Set(blocks.indices.flatMap(imageNames)), aside: Set(codes),
      records: Set(blocks.indices.map(Self.name)))
    try stage.write(plan.facts, as: Self.factsName)
  }

  /// A digest of everything that will be made.
  var digest: String {
    var digest = ContentDigest()
    for block in planDigests { digest.update(Array(block.utf8)) }
    return digest.prefixed
  }

  private func tellDifferences(_ notice: Notice) throws {
    guard let facts = stage.record(Self.factsName, as: [String: String].self) else { return }
    guard facts != plan.facts else { return try tellOtherInputs(notice) }
    let names = Set(facts.keys).union(plan.facts.keys).sorted().filter {
      facts[$0] != plan.facts[$0]
    }
    let texts = names.map { name in
      "\(name) \(facts[name] ?? "absent") before and \(plan.facts[name] ?? "absent") now"
    }
    notice(
      "\(stage.folder) has parts that would come out otherwise, and they are made anew: "
        + texts.joined(separator: "; "))
  }

  /// Says which inputs are others than when parts were made of them.
  private func tellOtherInputs(_ notice: Notice) throws {
    var (partCount, others) = (0, [Int]())
    for (index, block) in blocks.enumerated() {
      guard let record = stage.record(Self.name(index), as: BlockRecord.self),
        record.plan != planDigests[index]
      else { continue }
      partCount += 1
      let origins = try plan.originDigests(ofBlock: block)
      others += block.filter { image in
        let place = image - block.lowerBound
        return !record.origins.indices.contains(place) || record.origins[place] != origins[place]
      }
    }
    guard partCount > 0 else { return }
    let first = others.first.map {
      ": \(others.count) of their images are made from others than before, the first of them "
        + plan.fileName($0)
    }
    notice(
      "\(partCount) of \(blocks.count) parts would come out otherwise, and they are made anew"
        + (first ?? ""))
  }

  /// The record of a block that is finished and would come out the same; nil where there is none.
  func record(ofBlock index: Int) -> BlockRecord? {
    guard let record = stage.record(Self.name(index), as: BlockRecord.self),
      record.plan == planDigests[index], (try? digest(ofFiles: index)) == record.digest
    else { return nil }
    return record
  }

  private func digest(ofFiles index: Int) throws -> String {
    var digest = ContentDigest()
    for path in paths(ofBlock: index) { digest.update(try FileSystem.bytes(of: path)) }
    return digest.prefixed
  }

  /// Writes a block.
  ///
  /// - Throws: `FileError`, `ImageError`.
  func write(_ content: BlockContent, ofBlock index: Int) throws {
    var digest = ContentDigest()
    var files = paths(ofBlock: index)[...]
    func write(_ bytes: [UInt8]) throws {
      guard let path = files.popFirst() else {
        preconditionFailure("OutputParts: block \(index) has too many files")
      }
      digest.update(bytes)
      let file = try FileWriter(path: path)
      try file.write(bytes)
      try file.close()
    }
    if let output = plan.images {
      if output.kind == .folder {
        for image in content.images { try write(try image.pngBytes(name: output.path)) }
      } else {
        try write(content.images.flatMap(\.pixels))
      }
    }
    if plan.codes != nil { try write(content.codes.flatMap(Self.bytes)) }
    precondition(files.isEmpty, "OutputParts: block \(index) lacks \(files.count) files")
    try stage.write(
      BlockRecord(
        plan: planDigests[index], origins: try plan.originDigests(ofBlock: blocks[index]),
        digest: digest.prefixed,
        imageDigests: content.images.map(PixelDigest.of),
        meanSquaredErrors: content.meanSquaredErrors), as: Self.name(index))
  }

  /// Whether no block was written.
  var hasNothingFinished: Bool {
    !blocks.indices.contains {
      stage.record(Self.name($0), as: BlockRecord.self)?.plan == planDigests[$0]
    }
  }

  /// The names of a block's images in the data folder.
  private func imageNames(_ index: Int) -> [String] {
    switch plan.images?.kind {
    case nil: []
    case .folder: blocks[index].map { plan.fileName($0) }
    default: [Self.imagesName(index)]
    }
  }

  /// A block's files: images, then codes.
  private func paths(ofBlock index: Int) -> [String] {
    imageNames(index).map { SystemPath.path(of: $0, in: stage.dataFolder) }
      + (plan.codes == nil ? [] : [codesPath(index)])
  }

  /// The pixels of a block's images, one behind the other.
  func pixels(ofBlock index: Int) throws -> [UInt8] {
    try bytes(
      of: SystemPath.path(of: Self.imagesName(index), in: stage.dataFolder),
      byteCount: blocks[index].count * plan.imageByteCount)
  }

  /// The codes of a block's images as the bytes of int32 numbers.
  func codes(ofBlock index: Int) throws -> [UInt8] {
    try bytes(of: codesPath(index), byteCount: blocks[index].count * plan.tokenCount * 4)
  }

  private func bytes(of path: String, byteCount: Int) throws -> [UInt8] {
    let bytes = try FileSystem.bytes(of: path)
    guard bytes.count == byteCount else {
      throw ContentMismatch(
        file: path, expected: "\(byteCount) bytes", found: "\(bytes.count) bytes")
    }
    return bytes
  }

  private func codesPath(_ index: Int) -> String {
    SystemPath.path(of: Self.codesName(index), in: stage.asideFolder)
  }

  /// The ending of the name of the parts' hidden folder.
  static let stageKind = "parts"

  /// The name of the record of a block.
  static func name(_ index: Int) -> String { zeroPadded(index, digitCount: 6) }

  private static func imagesName(_ index: Int) -> String { "images-\(name(index)).part" }

  private static func codesName(_ index: Int) -> String { "codes-\(name(index)).part" }

  private static func bytes(_ code: Int32) -> [UInt8] {
    withUnsafeBytes(of: code.littleEndian) { Array($0) }
  }
}
