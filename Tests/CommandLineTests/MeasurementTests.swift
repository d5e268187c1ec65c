import Foundation
import TestSupport
import Testing

/// `restok doctor` and `restok bench`: what they print can be read, whatever the figures are.
@Suite struct MeasurementTests {
  private static let configurations = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Configs/smoke").path

  private func restok(_ arguments: [String]) async throws -> SpawnedProcess {
    try await SpawnedProcess.run(SpawnedProcess.locateProduct("restok"), arguments)
  }

  private func figures(_ run: SpawnedProcess) throws -> [String: Any] {
    #expect(run.exitCode == 0, "\(run.standardError)")
    let lines = run.standardOutput.split(separator: "\n")
    #expect(lines.count == 1)
    return try #require(
      try JSONSerialization.jsonObject(with: Data(run.standardOutput.utf8)) as? [String: Any])
  }

  @Test func theDoctorReportsOneRank() async throws {
    let figures = try figures(try await restok(["doctor", "--json"]))
    let machine = try #require((figures["machines"] as? [[String: Any]])?.first)
    #expect(machine["host_name"] is String && machine["libraries"] is [String: Any])
    let rates = try #require((figures["rates"] as? [[String: Any]])?.first)
    for name in ["float32_product", "float32_product_one_thread", "memory"] {
      #expect(try #require(rates[name] as? Double) > 0)
    }
    #expect(figures["all_reduce"] == nil)
    #expect(figures["findings"] is [Any])
  }

  /// A rank that is bound to one core computes with one thread, whatever the machine has.
  @Test func automaticThreadsFollowTheAffinityMask() async throws {
    let step = [
      "bench", "step", "--config", Self.configurations + "/generator.yaml", "--batch", "2",
      "--steps", "1", "--warmup", "0", "--json",
    ]
    let program = try SpawnedProcess.locateProduct("restok").path
    let run = try await SpawnedProcess.run(
      URL(fileURLWithPath: "/usr/bin/env"),
      ["-u", "OMP_NUM_THREADS", "taskset", "-c", "0", program] + step)
    #expect(try figures(run)["threads"] as? Int == 1)
  }

  @Test func theDoctorReportsTwoRanks() async throws {
    let run = try await SpawnedProcess.runRanks(2, "restok", ["doctor"])
    #expect(run.exitCode == 0, "\(run.standardError)")
    for part in ["0 on ", "1 on ", "float32 products", "sum over ranks", "100000000 bytes", "find"]
    {
      #expect(run.standardOutput.contains(part), "\(part) in\n\(run.standardOutput)")
    }
  }

  /// The way of images, alone and from one rank to another.
  @Test(arguments: [1, 2])
  func theWayOfImagesIsTimed(rankCount: Int) async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/restok-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let made = try await restok([
      "data", "synthesize", folder, "--classes", "2", "--size", "24", "--count", "20",
    ])
    #expect(made.exitCode == 0, "\(made.standardError)")
    let run = try await SpawnedProcess.runRanks(
      rankCount, "restok",
      [
        "bench", "data", "--data", folder, "--size", "16", "--per-lane", "4", "--steps", "3",
        "--samples-per-second", "1", "--json",
      ])
    let figures = try figures(run)
    let readings = try #require(figures["readings"] as? [[String: Any]])
    #expect(readings.compactMap { $0["kind"] as? String } == ["first", "warm", "again"])
    #expect(readings.allSatisfy { $0["image_count"] as? Int == 12 * rankCount })
    #expect(figures["image_byte_count"] as? Int == 24 * 24 * 3)
    let sending = try #require(figures["sending"] as? [String: Any])
    #expect(sending["sent_message_count"] as? Int == 3 * (rankCount - 1))
    #expect((figures["link_bytes_per_second"] != nil) == (rankCount > 1))
    #expect((figures["decoded_images_per_second"] as? [Double])?.count == rankCount)
  }

  @Test func samplingIsTimedInBothOrders() async throws {
    let generator = Self.configurations + "/generator.yaml"
    let arguments = ["bench", "sampling", "--config", generator, "--batch", "2", "--repeats", "1"]
    let figures = try figures(
      try await restok(
        arguments + ["--tokenizer-config", Self.configurations + "/tokenizer.yaml", "--json"]))
    let orders = try #require(figures["orders"] as? [[String: Any]])
    #expect(orders.compactMap { $0["order"] as? String } == ["hierarchical", "sequential"])
    let steps = orders.compactMap { $0["step_count"] as? Int }
    #expect(steps.count == 2 && steps[0] < steps[1])
    #expect(steps[1] == figures["token_count"] as? Int)
    #expect(try #require(figures["ratio"] as? Double) > 0)
    #expect(try #require(figures["images_per_second"] as? Double) > 0)

    let one = try await restok(arguments + ["--orders", "hierarchical", "--guidance", "1"])
    #expect(one.exitCode == 0)
    #expect(one.standardOutput.contains("hierarchical, \(steps[0]) steps: "))
    #expect(!one.standardOutput.contains("sequential"))
  }

  @Test func sumsOverRanksAreTimed() async throws {
    let run = try await SpawnedProcess.runRanks(
      2, "restok",
      ["bench", "collectives", "--sizes", "4096", "65536", "--repeats", "1", "--json"])
    let figures = try figures(run)
    #expect(figures["rank_count"] as? Int == 2)
    let sums = try #require(figures["sums"] as? [[String: Any]])
    #expect(sums.compactMap { $0["byte_count"] as? Int } == [4096, 65_536])
    for name in ["canonical_seconds", "library_seconds", "library_bytes_per_second"] {
      #expect(try #require(sums[0][name] as? Double) > 0)
    }
  }

  @Test func savingIsTimed() async throws {
    let arguments = ["--config", Self.configurations + "/generator.yaml", "--repeats", "1"]
    let folder = NSTemporaryDirectory() + "/test-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let run = try await restok(
      ["bench", "saving"] + arguments + ["--directory", folder, "--steps", "2", "--json"])
    let figures = try figures(run)
    for name in ["step_seconds", "stall_seconds", "stall_steps", "disk_bytes_per_second"] {
      #expect(try #require(figures[name] as? Double) > 0)
    }
    #expect(try #require(figures["slowed_step_count"] as? Int) > 0)
    let weightCount = try #require(figures["weight_count"] as? Int)
    #expect(try #require(figures["checkpoint_byte_count"] as? Int) > 16 * weightCount)
    for kind in ["beside_steps", "alone"] {
      let writing = try #require(figures[kind] as? [String: Double])
      #expect(try #require(writing["ratio"]) > 0)
      #expect(try #require(writing["save_seconds"]) > #require(writing["write_seconds"]))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
  }

  #if os(Linux)
    @Test func aFullDiskIsNotWrittenTo() async throws {
      let run = try await restok(
        ["bench", "saving", "--config", Self.configurations + "/generator.yaml"]
          + ["--directory", "/proc"])
      #expect(run.exitCode == 73)
      #expect(run.standardError.contains("/proc has room for 0 bytes"), "\(run.standardError)")
    }
  #endif

  @Test(arguments: [
    (["bench", "saving", "--config", "x", "--repeats", "0"], "--repeats 0"),
    (["bench", "collectives"], "one rank sums nothing"),
    (["bench", "collectives", "--sizes", "6"], "a buffer of 6 bytes"),
    (["bench", "sampling", "--config", "x", "--orders", "random"], "random"),
    (["bench", "sampling", "--config", "x", "--batch", "0"], "--batch 0"),
  ])
  func wrongUseExitsWith64(arguments: [String], message: String) async throws {
    let run = try await restok(arguments)
    #expect(run.exitCode == 64)
    #expect(run.standardError.contains(message), "\(run.standardError)")
  }
}
