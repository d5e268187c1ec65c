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

private func names(of output: String) throws -> [String] {
  FileSystem.isDirectory(output) ? try FileSystem.names(in: output).map { "/" + $0 } : [""]
}

/// Makes images of 5x5 pixels.
private func make(_ output: String, _ context: OutputContext) throws {
  let plan = OutputPlan(
    images: try ImageOutput(path: output), codes: nil,
    imageCount: 5 * OutputPlan.blockSize + 3, imageSize: 5, tokenCount: 2, facts: [:],
    name: { "\(1000 + $0)" }, origin: { "\($0)" })
  _ = try SharedOutput(plan, context).run { block in
    var content = BlockContent()
    content.images = block.map { image in
      RGBImage(
        height: 5, width: 5, pixels: (0..<75).map { UInt8(truncatingIfNeeded: $0 ^ image &* 29) })
    }
    return content
  }
}
