import ArrayFiles
import ImageFiles
import Inference
import MessagePassing
import TestSupport

/// An output that all ranks make has the bytes of one that a single rank makes.
func checkSharedOutputs(_ checks: RankCheckList) throws {
  for form in ["folder", "grid.png", "set.npy", "set.npz"] {
    try checks.check("shared output \(form)") { ranks in
      try withTemporaryDirectory { own in
        let bytes = try ranks.allGather(Array(own.utf8))[0]
        let folder = String(decoding: bytes, as: UTF8.self)
        try ranks.barrier()
        try make("\(folder)/shared-\(form)", OutputContext(communicator: ranks))
        if ranks.rank == 0 {
          try make("\(folder)/alone-\(form)", OutputContext())
          for name in try names(of: "\(folder)/alone-\(form)") {
            try require(
              FileSystem.bytes(of: "\(folder)/shared-\(form)\(name)")
                == FileSystem.bytes(of: "\(folder)/alone-\(form)\(name)"), "\(form)\(name) differs")
          }
          try require(
            FileSystem.names(in: folder).allSatisfy { !$0.hasPrefix(".") }, "parts are left")
        }
        try ranks.barrier()
      }
    }
  }
}

/// A folder with codes that is begun on all ranks, stopped, and gone on with after an input has changed.
func checkResumedOutputs(_ checks: RankCheckList) throws {
  try checks.check("shared output goes on") { ranks in
    try withTemporaryDirectory { own in
      let bytes = try ranks.allGather(Array(own.utf8))[0]
      let folder = String(decoding: bytes, as: UTF8.self)
      try ranks.barrier()
      let (output, context) = (folder + "/shared", OutputContext(communicator: ranks))
      let blocks = Array(0..<6)
      let last = blocks.last { $0 % ranks.worldSize == ranks.rank }
      var isStopped = false
      do {
        _ = try made(output, context, stoppedAt: last)
      } catch is Stopped {
        isStopped = true
      }
      try require(isStopped && !FileSystem.exists(output), "the command was not stopped")
      try ranks.barrier()
      let found = try made(output, context, changed: 40)
      let again = try ranks.allGather(found.blocks.map(Int64.init)).flatMap { $0 }.map(Int.init)
      let lasts = (0..<ranks.worldSize).compactMap { rank in
        blocks.last { $0 % ranks.worldSize == rank }
      }
      try require(
        again.sorted() == Set(lasts + [1]).sorted(), "blocks \(again) were made again")
      try require(
        found.records.flatMap(\.meanSquaredErrors)
          == (0..<5 * OutputPlan.blockSize + 3).map { Double($0) / 3 }, "errors are lost")
      if ranks.rank == 0 {
        _ = try made(folder + "/alone", OutputContext())
        for name in try names(of: folder + "/alone") + [".codes.npy"] {
          try require(
            FileSystem.bytes(of: "\(output)\(name)")
              == FileSystem.bytes(of: "\(folder)/alone\(name)"),
            "\(name) differs")
        }
        try require(
          FileSystem.names(in: folder) == [
            "alone", "alone.codes.npy", "shared", "shared.codes.npy",
          ],
          "parts are left")
      }
      try ranks.barrier()
    }
  }
}

/// A command that was stopped.
private struct Stopped: Error {}

private func names(of output: String) throws -> [String] {
  FileSystem.isDirectory(output) ? try FileSystem.names(in: output).map { "/" + $0 } : [""]
}

/// Makes images of 5x5 pixels.
private func make(_ output: String, _ context: OutputContext) throws {
  _ = try SharedOutput(try plan(output), context).run(content)
}

/// Makes images and codes; gives the blocks that this rank has made, and what is known of all.
private func made(
  _ output: String, _ context: OutputContext, stoppedAt last: Int? = nil, changed image: Int? = nil
) throws -> (blocks: [Int], records: [BlockRecord]) {
  var plan = try plan(output)
  plan.codes = output + ".codes.npy"
  plan.origin = { $0 == image ? "another" : "\($0)" }
  var blocks: [Int] = []
  let records = try SharedOutput(plan, context).run { block in
    let index = block.lowerBound / OutputPlan.blockSize
    if index == last { throw Stopped() }
    blocks.append(index)
    var content = content(block)
    content.codes = block.flatMap { [Int32($0), 7] }
    content.meanSquaredErrors = block.map { Double($0) / 3 }
    return content
  }
  return (blocks, records)
}

private func plan(_ output: String) throws -> OutputPlan {
  OutputPlan(
    images: try ImageOutput(path: output), codes: nil,
    imageCount: 5 * OutputPlan.blockSize + 3, imageSize: 5, tokenCount: 2, facts: [:],
    name: { "\(1000 + $0)" }, origin: { "\($0)" })
}

private func content(_ block: Range<Int>) -> BlockContent {
  var content = BlockContent()
  content.images = block.map { image in
    RGBImage(
      height: 5, width: 5, pixels: (0..<75).map { UInt8(truncatingIfNeeded: $0 ^ image &* 29) })
  }
  return content
}
