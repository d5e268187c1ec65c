import Foundation
import TestSupport
import Testing

/// The program as a user meets it: exit statuses, errors, and the commands about files.
@Suite struct RestokTests {
  private func restok(_ arguments: String...) async throws -> SpawnedProcess {
    try await SpawnedProcess.run(SpawnedProcess.locateProduct("restok"), arguments)
  }

  @Test func helpIsNoError() async throws {
    for arguments in [["--help"], ["help", "data"], ["data", "pack", "--help"]] {
      let run = try await SpawnedProcess.run(
        SpawnedProcess.locateProduct("restok"), arguments)
      #expect(run.exitCode == 0)
      #expect(run.standardOutput.contains("USAGE: restok"))
      #expect(run.standardError.isEmpty)
    }
  }

  /// A search without its strengths.
  private static let search = [
    "search", "guidance", "--tokenizer", "t", "--generator", "g", "--reference", "r",
    "--inception", "i", "--count", "9", "--output", "o",
  ]

  @Test(arguments: [
    // A wrong command line, and what is said about it.
    (["frobnicate"], "Unexpected argument 'frobnicate'"),
    (["data", "pack", "a", "b"], "give either --size S"),
    (["data", "pack", "a", "b", "--size", "32", "--keep"], "give either --size S"),
    (["data", "pack", "a", "b", "--size", "0"], "--size 0: expected 1 to 16384"),
    (["data", "info"], "Missing expected argument"),
    (["checkpoint", "verify"], "Missing expected argument"),
    (["checkpoint", "import", "/", "--config", "c", "--output", "x"], "a folder is none of"),
    (["checkpoint", "import", "/", "--output", "x"], "add --config CONFIG"),
    (["checkpoint", "import", "--output", "x"], "name a file of weights, or one place"),
    (["checkpoint", "import", "a", "--published", "/", "--output", "x"], "or one place"),
    (["checkpoint", "export", "--model", "/", "--output", "x"], "go to a .safetensors file"),
    (
      ["checkpoint", "export", "--model", "/", "--without-alignment", "--output", "x.safetensors"],
      "--without-alignment belongs to --published"
    ),
    (
      ["encode", "--model", "m", "--images", "i", "--crops", "ten", "--output", "x.npy"],
      "--crops belongs to --data"
    ),
    (["evaluate", "reconstruction", "--images", "i"], "give either --model or --reconstructions"),
    (
      ["evaluate", "reconstruction", "--images", "i", "--reconstructions", "r", "--keep", "4"],
      "--config, --weights and --keep belong to --model"
    ),
    (
      ["evaluate", "reconstruction", "--images", "i", "--model", "m", "--keep", "4,x"],
      "--keep 4,x: expected numbers of tokens"
    ),
    (
      ["evaluate", "generation", "--samples", "s", "--reference", "r"], "Missing expected argument"
    ),
    (
      [
        "evaluate", "generation", "--samples", "s", "--reference", "r", "--inception", "i",
        "--stated", "guidance",
      ], "--stated guidance: expected name=value"
    ),
    (
      search + ["--guidance", "2", "--schedule", "step", "--peak", "0.5"],
      "--peak: none of the schedules step has it"
    ),
    (
      search + ["--guidance", "2", "--floor", "3"], "--floor: none of the schedules constant has it"
    ),
    (search + ["--guidance", "2", "--schedule", "step,linear", "--end", "1"], "--end: none of"),
    (search + ["--guidance", "2", "--schedule", "steps"], "--schedule steps: there is no such"),
    (search + ["--guidance", "5:1:1"], "The value '5:1:1' is invalid"),
    (search + ["--guidance", "1:5:0"], "The value '1:5:0' is invalid"),
    (search + ["--guidance", "1,,2"], "The value '1,,2' is invalid"),
    (search + ["--guidance", "1:2:1e-9"], "The value '1:2:1e-9' is invalid"),
    (search + ["--guidance", "1,-2"], "--guidance: expected numbers of at least 0"),
    (search + ["--guidance", "1,2,1"], "--guidance: 1.0 is there twice"),
    (search + ["--guidance", "2", "--top-p", "0.5,0.5"], "--top-p: 0.5 is there twice"),
    (
      search + ["--guidance", "2", "--schedule", "linear,linear"],
      "--schedule: linear is there twice"
    ),
    (
      [
        "evaluate", "generation", "--samples", "s", "--reference", "r", "--inception", "i",
        "--stated", "a=1", "a=2",
      ], "--stated a=2: a is stated twice"
    ),
    (search + ["--guidance", "2", "--top-p", "0.5,1.5"], "--top-p: expected numbers above 0"),
    (
      ["evaluate", "statistics", "--images", "i", "--inception", "i", "--output", "x.npy"],
      "statistics go to an .npz file"
    ),
  ])
  func aWrongCommandLineExitsWith64(arguments: [String], message: String) async throws {
    let run = try await SpawnedProcess.run(SpawnedProcess.locateProduct("restok"), arguments)
    #expect(run.exitCode == 64)
    #expect(run.standardOutput.isEmpty)
    #expect(run.standardError.contains(message), "\(run.standardError)")
  }

  @Test func theShippedCaseOfEvaluationIsRight() async throws {
    let run = try await restok("evaluate", "check", "--json")
    #expect(run.exitCode == 0, "\(run.standardOutput)\(run.standardError)")
    #expect(run.standardOutput.contains("\"figure\":\"ms_ssim\""))
    let none = try await restok("evaluate", "compare", "no.json", "no.json")
    #expect(none.exitCode == 73 && none.standardError.contains("no.json"))
  }

  /// Ranks share out the shards of a packing, and the bytes are those of one.
  @Test func ranksPackTogether() async throws {
    try await withTemporaryFolder { folder in
      let drawn = try await restok(
        "data", "synthesize", folder + "/drawn", "--classes", "3", "--size", "24", "--count", "700")
      #expect(drawn.exitCode == 0, "\(drawn.standardError)")
      let options = ["--size", "16", "--shard-size", "1", "--split", "held=0.1"]
      for (name, rankCount) in [("one", 1), ("three", 3)] {
        let run = try await SpawnedProcess.runRanks(
          rankCount, "restok", ["data", "pack", folder + "/drawn", "\(folder)/\(name)"] + options)
        #expect(run.exitCode == 0, "\(run.standardError)")
      }
      for file in ["train/dataset.json", "train/shard-00000.h5", "held/shard-00000.h5"] {
        let files = try ["one", "three"].map {
          try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)/\(file)"))
        }
        #expect(files[0] == files[1] && !files[0].isEmpty, "\(file)")
      }
    }
  }

  @Test(arguments: [2, 3])
  func ranksSpeakWithOneVoice(rankCount: Int) async throws {
    let wrong = try await SpawnedProcess.runRanks(rankCount, "restok", ["frobnicate"])
    #expect(wrong.exitCode == 64)
    #expect(wrong.standardError.components(separatedBy: "Unexpected argument").count == 2)

    let help = try await SpawnedProcess.runRanks(rankCount, "restok", ["--help"])
    #expect(help.exitCode == 0)
    #expect(help.standardOutput.components(separatedBy: "USAGE").count == 2)

    let crowd = try await SpawnedProcess.runRanks(rankCount, "restok", ["data", "info", "x"])
    #expect(crowd.exitCode == 64)
    #expect(
      crowd.standardError.components(separatedBy: "runs on one rank, but \(rankCount)").count == 2)
  }

  /// Bound as a rank will be: under the launcher of one.
  @Test func aPlanIsRehearsedUnderALauncherToo() async throws {
    let run = try await SpawnedProcess.runRanks(
      1, "restok", ["plan", Repository.folder + "/Configs/smoke/tokenizer.yaml", "--json"])
    #expect(run.exitCode == 0, "\(run.standardError)")
    #expect(run.standardOutput.contains("\"memory_GiB\":"))
  }

  /// The launcher ends every rank when the first of them fails, and rank 0 may be the last to start.
  @Test(arguments: [["frobnicate"], ["data", "info", "x"]])
  func theRankThatSpeaksMayBeTheLast(arguments: [String]) async throws {
    let restok = try SpawnedProcess.locateProduct("restok").path
    let late = "[ \"$OMPI_COMM_WORLD_RANK\" != 0 ] || sleep 1; exec \"$0\" \"$@\""
    let run = try await SpawnedProcess.run(
      URL(fileURLWithPath: "/usr/bin/env"),
      ["mpirun", "--oversubscribe", "-n", "3", "sh", "-c", late, restok] + arguments,
      environment: ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"])
    #expect(run.exitCode == 64)
    let message = arguments.count == 1 ? "Unexpected argument" : "runs on one rank, but 3"
    #expect(run.standardError.components(separatedBy: message).count == 2, "\(run.standardError)")
  }

  @Test func digitsAreWrittenDescribedAndChecked() async throws {
    try await withTemporaryFolder { folder in
      let digits = folder + "/digits"
      let written = try await restok("data", "digits", digits)
      #expect(written.exitCode == 0, "\(written.standardError)")
      #expect(written.standardOutput.contains("train: 1600 images"))
      #expect(written.standardOutput.contains("evaluation: 197 images"))

      let info = try await restok("data", "info", digits + "/train", "--json")
      #expect(info.exitCode == 0)
      let figures = try #require(
        try JSONSerialization.jsonObject(with: Data(info.standardOutput.utf8)) as? [String: Any])
      #expect(figures["samples"] as? Int == 1600)
      #expect((figures["classes"] as? [[String: Any]])?.count == 10)
      #expect(figures["image_bytes"] as? Int == 1600 * 32 * 32 * 3)

      let sound = try await restok("data", "verify", digits + "/evaluation")
      #expect(sound.exitCode == 0)
      #expect(sound.standardOutput.contains("197 of 197 images are good, 0 problems"))

      // Writing over it is refused, and harms nothing.
      let again = try await restok("data", "digits", digits)
      #expect(again.exitCode == 65)
      #expect(try await restok("data", "verify", digits + "/train").exitCode == 0)
    }
  }

  @Test func aFlippedByteIsFound() async throws {
    try await withTemporaryFolder { folder in
      let digits = folder + "/digits"
      #expect(try await restok("data", "digits", digits).exitCode == 0)
      let evaluation = digits + "/evaluation"
      let name = try #require(
        try FileManager.default.contentsOfDirectory(atPath: evaluation)
          .first { $0.hasSuffix(".h5") })
      let file = URL(fileURLWithPath: evaluation + "/" + name)
      var bytes = try Data(contentsOf: file)
      bytes[bytes.count / 2] ^= 1
      try bytes.write(to: file)
      let run = try await restok("data", "verify", evaluation)
      #expect(run.exitCode == 65)
      #expect(run.standardOutput.contains(name))
      let json = try await restok("data", "verify", evaluation, "--json")
      #expect(json.exitCode == 65)
      #expect(json.standardOutput.contains("\"problems\":[\""))
    }
  }

  /// Wherever a file of weights is named, one that is not there is missing data.
  @Test(arguments: [
    ["checkpoint", "import", "no.pth", "--config", "CONFIG", "--output", "x"],
    ["checkpoint", "import", "--published", "no.pth", "--output", "x"],
    ["train", "tokenizer", "CONFIG", "run.output=x", "init_encoder.file=no.pth"],
    [
      "train", "tokenizer", "CONFIG", "run.output=x", "losses.adversarial.backbone=no.pth",
      "losses.adversarial.weight=1", "losses.adversarial.start=1",
      "losses.adversarial.discriminator=dino", "losses.adversarial.lecam=0",
      "losses.adversarial.rate=1e-4",
    ],
  ])
  func missingWeightsAreMissingData(arguments: [String]) async throws {
    try await withTemporaryFolder { folder in
      let digits = folder + "/digits"
      #expect(try await restok("data", "digits", digits).exitCode == 0)
      let config = Repository.folder + "/Configs/quickstart/tokenizer.yaml"
      let own = arguments.map { argument in
        switch argument {
        case "CONFIG": config
        case "x": folder + "/x"
        case "run.output=x": "run.output=" + folder
        default: argument
        }
      }
      let data = ["data.train=\(digits)/train", "data.evaluation=\(digits)/evaluation"]
      let run = try await SpawnedProcess.run(
        SpawnedProcess.locateProduct("restok"), own + (arguments[0] == "train" ? data : []))
      #expect(run.exitCode == 65, "\(run.standardError)")
      #expect(run.standardError.contains("no.pth"))
      #expect(!FileManager.default.fileExists(atPath: folder + "/x"))
    }
  }

  @Test func missingFilesAreNamed() async throws {
    let data = try await restok("data", "info", "/nowhere/data")
    #expect(data.exitCode == 65)
    #expect(data.standardError.contains("/nowhere/data/dataset.json"))
    let source = try await restok("data", "pack", "/nowhere/images", "/tmp/x", "--keep")
    #expect(source.exitCode == 65)
    #expect(source.standardError.contains("/nowhere/images"))
    let checkpoint = try await restok("checkpoint", "info", "/nowhere/run")
    #expect(checkpoint.exitCode == 73)
    #expect(checkpoint.standardError.contains("/nowhere/run"))
    let verified = try await restok("checkpoint", "verify", "/nowhere/run")
    #expect(verified.exitCode == 73)
    #expect(verified.standardOutput.contains("/nowhere/run: DAMAGED"))
  }

  @Test func foreignWeightsAreRefusedAndListed() async throws {
    let configuration = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Configs/smoke/generator.yaml").path
    try await withTemporaryFolder { folder in
      let file = folder + "/foreign.safetensors"
      let header = #"{"foreign.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
      let bytes = [UInt8(header.utf8.count)] + [UInt8](repeating: 0, count: 7) + Array(header.utf8)
      try Data(bytes + [0, 0, 0, 0]).write(to: URL(fileURLWithPath: file))
      let run = try await restok(
        "checkpoint", "import", file, "--config", configuration, "--output", folder + "/run")
      #expect(run.exitCode == 65)
      #expect(run.standardError.contains("not in the model: foreign.weight"))
      #expect(run.standardError.contains("missing: "))
      #expect(!FileManager.default.fileExists(atPath: folder + "/run"))
      // What is there already is refused before anything is read.
      let taken = try await restok(
        "checkpoint", "import", file, "--config", configuration, "--output", folder)
      #expect(taken.exitCode == 64)
      #expect(taken.standardError.contains("something is there already"))
    }
  }

  @Test func aRunWithoutCheckpointsIsNamed() async throws {
    try await withTemporaryFolder { folder in
      try FileManager.default.createDirectory(
        atPath: folder + "/checkpoints", withIntermediateDirectories: false)
      let run = try await restok("checkpoint", "info", folder)
      #expect(run.exitCode == 73)
      #expect(run.standardError.contains("no checkpoint yet"))
    }
  }

  /// The configuration of a run directory that has another place now means that place; one beside a
  /// folder that is only called so does not.
  @Test func aRunThatWasMovedIsMeantWhereItIs() async throws {
    try await withTemporaryFolder { folder in
      let smoke = folder + "/smoke.yaml"
      try Repository.text(of: "Configs/smoke/tokenizer.yaml")
        .write(toFile: smoke, atomically: true, encoding: .utf8)
      let printed = try await restok("train", "tokenizer", smoke, "--print-config")
      #expect(printed.exitCode == 0)
      let run = folder + "/moved"
      try FileManager.default.createDirectory(
        atPath: run + "/checkpoints/step-000000001", withIntermediateDirectories: true)
      let configuration = run + "/config.yaml"
      try printed.standardOutput.write(
        toFile: configuration, atomically: true, encoding: .utf8)
      let name = "name: smoke-tokenizer"
      let other = try await restok("train", "tokenizer", configuration, "--print-config")
      #expect(other.standardOutput.contains(name) && !other.standardError.contains("warning"))
      try "".write(toFile: run + "/run.lock", atomically: true, encoding: .utf8)
      let moved = try await restok("train", "tokenizer", configuration, "--print-config")
      #expect(moved.standardOutput.contains("name: moved"))
      #expect(moved.standardError.contains("it goes on in"))
      let said = try await restok(
        "train", "tokenizer", configuration, "run.name=smoke-tokenizer", "--print-config")
      #expect(said.standardOutput.contains(name) && !said.standardError.contains("warning"))
    }
  }
}

/// Gives the body a folder of its own, with a space in its path.
func withTemporaryFolder(_ body: (String) async throws -> Void) async throws {
  let folder = FileManager.default.temporaryDirectory.path + "/restok tests \(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  try await body(folder)
}
