import Foundation
import FuzzTargets

/// Writes the sound inputs where that is asked for, instead of fuzzing; libFuzzer calls it first.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ argumentCount: UnsafeMutablePointer<CInt>?, _ arguments: UnsafeMutableRawPointer?
) -> CInt {
  if let folder = ProcessInfo.processInfo.environment["RESTOK_FUZZ_SEEDS"] {
    FuzzedParser.writeSeeds(into: folder)
    exit(0)
  }
  return 0
}

/// Gives the parser one input; libFuzzer calls it for each.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ byteCount: Int) -> CInt {
  FuzzedParser.run(bytes, byteCount)
}

/// The parser that this process is about.
enum FuzzedParser {
  static let session: FuzzTarget.Session = {
    let environment = ProcessInfo.processInfo.environment
    let name = environment["RESTOK_FUZZ_TARGET"] ?? ""
    guard let target = FuzzTarget.named(name), let folder = environment["RESTOK_FUZZ_FOLDER"] else {
      give(up: "RESTOK_FUZZ_TARGET '\(name)' and RESTOK_FUZZ_FOLDER name no target and folder")
    }
    do {
      return try target.start(in: folder)
    } catch {
      give(up: "the files of target \(name) cannot be made: \(error)")
    }
  }()

  /// Ends the process so that libFuzzer keeps the input.
  static func give(up message: String) -> Never {
    FileHandle.standardError.write(Data((message + "\n").utf8))
    abort()
  }

  static func writeSeeds(into folder: String) {
    do {
      for (index, seed) in try session.seeds().enumerated() {
        try Data(seed).write(to: URL(fileURLWithPath: "\(folder)/seed-\(index)"))
      }
    } catch {
      give(up: "the seeds cannot be written: \(error)")
    }
  }

  static func run(_ bytes: UnsafePointer<UInt8>?, _ byteCount: Int) -> CInt {
    do {
      _ = try session.run(Array(UnsafeBufferPointer(start: bytes, count: byteCount)))
    } catch {
      give(up: error.description)
    }
    return 0
  }
}
