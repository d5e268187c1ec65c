import DataParallel
import Foundation
import Kernels
import MachineReport
import MessagePassing
import Testing

/// The machine's texts and what follows from them.
@Suite struct MachineTests {
  @Test func processorsAreRead() {
    let text = """
      processor\t: 0
      vendor_id\t: AuthenticAMD
      model name\t: AMD EPYC 9B45: 128-Core
      flags\t\t: fpu avx fma avx2 avx512f avx512dq avx512bw avx512vl avx512_bf16
      processor\t: 1
      """
    let processor = ProcessorDescription(architecture: "x86-64", cpuinfo: text)
    #expect(processor.modelName == "AMD EPYC 9B45: 128-Core")
    #expect(processor.has("avx2", "avx512_bf16"))
    #expect(!processor.has("avx2", "amx_bf16"))
    let unknown = ProcessorDescription(architecture: "arm64", cpuinfo: "")
    #expect(unknown.modelName.isEmpty && unknown.features.isEmpty)
  }

  @Test func memoryIsRead() {
    let memory = MemoryDescription(
      meminfo: "MemTotal:       24600000 kB\nMemFree: 1 kB\nMemAvailable:   2048 kB\n",
      hugePages: "always [madvise] never\n")
    #expect(memory.totalByteCount == 24_600_000 * 1024)
    #expect(memory.availableByteCount == 2 << 20)
    #expect(memory.hugePages == "madvise")
    let unknown = MemoryDescription(meminfo: "", hugePages: "")
    #expect(unknown.totalByteCount == 0 && unknown.hugePages.isEmpty)
  }

  @Test(arguments: [
    (
      "Name:\trestok\nCpus_allowed:\tff\nCpus_allowed_list:\t0-2,8\nMems_allowed:\t1\n",
      [0, 1, 2, 8]
    ),
    ("Cpus_allowed_list:\t5", [5]), ("Cpus_allowed_list:\tnone", []), ("", []),
  ])
  func allowedCoresAreRead(status: String, cores: [Int]) {
    #expect(ThreadBinding.cores(status: status) == cores)
  }

  @Test func aGoodMachineHasNoFindings() {
    #expect(MachineFinding.findings(of: [machine()]).isEmpty)
    let two = [machine(rank: 0, cores: [0], threads: 1), machine(rank: 1, cores: [1], threads: 1)]
    #expect(MachineFinding.findings(of: two).isEmpty)
    // Three cores cannot be shared out evenly by two ranks.
    let three = [0, 1].map { machine(rank: $0, cores: [0, 1, 2], threads: 1) }
    #expect(MachineFinding.findings(of: three).isEmpty)
  }

  @Test func threadsAreHeldAgainstCores() {
    func finding(_ machines: [RankMachine]) -> MachineFinding? {
      let findings = MachineFinding.findings(of: machines)
      #expect(findings.count == 1 && findings.first?.subject == "threads", "\(findings)")
      return findings.first
    }
    let tooMany = finding([0, 1].map { machine(rank: $0, cores: [0, 1], threads: 2) })
    #expect(tooMany?.problem.contains("2 rank(s) compute with 4 thread(s) on 2 core(s)") == true)
    #expect(tooMany?.fix.contains("OMP_NUM_THREADS=1") == true)
    let idle = finding([machine(cores: [0, 1, 2, 3], threads: 2)])
    #expect(idle?.fix.contains("OMP_NUM_THREADS=4") == true)
    let crowd = finding([0, 1, 2].map { machine(rank: $0, cores: [0, 1], threads: 1) })
    #expect(crowd?.fix == "start at most 2 rank(s) on this machine")
    // Machines are counted one by one.
    let apart = [machine(rank: 0, host: "a"), machine(rank: 1, host: "b")]
    #expect(MachineFinding.findings(of: apart).isEmpty)
  }

  @Test(arguments: [
    // Features, core type, whether it fits, what to set.
    (["avx2", "fma"], "Zen", true, ""), (["avx2", "fma"], "Haswell", true, ""),
    (["avx2", "fma"], "Prescott", false, "OPENBLAS_CORETYPE=Zen"),
    (["avx2", "fma", "avx512f"], "Haswell", true, ""),
    (MachineTests.avx512, "SkylakeX", true, ""), (avx512, "Cooperlake", true, ""),
    (MachineTests.avx512, "Haswell", false, "OPENBLAS_CORETYPE=SkylakeX"),
    (MachineTests.avx512, "Zen", false, "OPENBLAS_CORETYPE=SkylakeX"),
    (["sse4_2"], "Nehalem", true, ""),
  ])
  func openBLASFitsTheProcessor(features: [String], core: String, fits: Bool, fix: String) {
    var machine = machine()
    machine.processor.features = features
    machine.libraries.openBLASCore = core
    machine.libraries.oneDNNInstructionSet = "unknown"
    let findings = MachineFinding.findings(of: [machine])
    #expect(findings.isEmpty == fits, "\(findings)")
    #expect(fits || findings[0].fix.contains(fix))
    guard !fits else { return }
    // A library with one set of kernels cannot be told to take others.
    machine.libraries.openBLASConfiguration = "OpenBLAS 0.3.21 NO_AFFINITY"
    #expect(MachineFinding.findings(of: [machine])[0].fix.contains("DYNAMIC_ARCH"))
  }

  @Test func oneDNNFitsTheProcessor() {
    var machine = machine()
    machine.processor.features = Self.avx512 + ["avx512_bf16"]
    machine.libraries.openBLASCore = "SkylakeX"
    machine.libraries.oneDNNInstructionSet = "avx512_core_bf16"
    #expect(MachineFinding.findings(of: [machine]).isEmpty)
    // OpenBLAS multiplies nothing then.
    machine.libraries.openBLASCore = "Haswell"
    #expect(MachineFinding.findings(of: [machine]).isEmpty)
    machine.libraries.openBLASCore = "SkylakeX"
    machine.libraries.oneDNNInstructionSet = "avx2"
    machine.overrides = ["ONEDNN_MAX_CPU_ISA": "AVX2"]
    let findings = MachineFinding.findings(of: [machine])
    #expect(findings.map(\.subject) == ["oneDNN"])
    #expect(findings[0].fix.contains("remove ONEDNN_MAX_CPU_ISA"))
    machine.overrides = [:]
    #expect(MachineFinding.findings(of: [machine])[0].fix.contains("newer oneDNN"))
  }

  @Test func memoryAndDifferencesAreFound() {
    var poor = machine(rank: 0, host: "a")
    poor.memory = MemoryDescription(
      meminfo: "MemTotal: 4000000 kB\nMemAvailable: 1000 kB", hugePages: "always madvise [never]")
    #expect(MachineFinding.findings(of: [poor]).map(\.subject) == ["memory", "memory"])
    var other = machine(rank: 1, host: "b")
    other.libraries.oneDNNVersion = "3.1.0"
    other.messagePassingLibrary = "Open MPI v5.0.0"
    let findings = MachineFinding.findings(of: [machine(host: "a"), other])
    #expect(findings.map(\.subject) == ["machines", "MPI"])
    #expect(findings.allSatisfy { $0.place == "b" })
  }

  @Test func threadsThatShareACoreAreFound() {
    let good = MachineRates(
      float32Product: 180e9, float32ProductOneThread: 100e9, bfloat16Product: nil, memory: 20e9)
    var bad = good
    bad.float32Product = 110e9
    #expect(MachineFinding.findings(of: [machine()], rates: [good]).isEmpty)
    #expect(MachineFinding.findings(of: [machine()], rates: [bad]).map(\.subject) == ["threads"])
  }

  @Test func aCheckSaysWhatItFound() throws {
    let rates = MachineRates(
      float32Product: 160e9, float32ProductOneThread: 81.25e9, bfloat16Product: nil,
      memory: 17.5e9)
    let check = MachineCheck(
      machines: [0, 1].map { machine(rank: $0, cores: [0, 1], threads: 2) }, rates: [rates, rates],
      allReduce: AllReduceTiming(
        byteCount: 1000, canonicalSeconds: 1e-5, librarySeconds: 2e-5))
    let text = "\(check)"
    for part in [
      "160.0 GFLOP/s, 81.2 with one thread", "not supported by this processor, or kept from it",
      "17.5 GB/s",
      "canonical 10.0 µs (0.10 GB/s)", "1 finding(s)", "to fix: set OMP_NUM_THREADS=1",
      "Zen of OpenBLAS", "2.6.3, avx2", "processor kind avx2", "oneDNN, oneDNN, patches",
      "Open MPI v4.1.4", "8.0 GiB of 16.0 GiB",
    ] {
      #expect(text.contains(part), "\(part) in\n\(text)")
    }
    let data = try JSONEncoder().encode(check)
    #expect(try JSONDecoder().decode(MachineCheck.self, from: data) == check)
  }

  @Test func thisMachineIsRead() throws {
    let libraries = MathLibraries.current
    #expect(libraries.openBLASConfiguration.hasPrefix("OpenBLAS"))
    #expect(!libraries.openBLASCore.isEmpty && libraries.oneDNNVersion != "unknown")
    #expect(!ThreadBinding.cores(status: try text("/proc/self/status")).isEmpty)
    #expect(MemoryDescription.current.totalByteCount > 1 << 28)
    #expect(!MPIRuntime.libraryVersion.isEmpty)
  }

  private static let avx512 = ["avx2", "fma", "avx512f", "avx512dq", "avx512bw", "avx512vl"]

  private func text(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }

  /// A machine that is as it should be, with AVX2.
  private func machine(
    rank: Int = 0, host: String = "node", cores: [Int] = [0, 1], threads: Int = 2
  ) -> RankMachine {
    RankMachine(
      rank: rank, hostName: host,
      processor: ProcessorDescription(
        architecture: "x86-64", cpuinfo: "model name : AMD EPYC\nflags : avx avx2 fma\n"),
      libraries: MathLibraries(
        openBLASConfiguration: "OpenBLAS 0.3.21 DYNAMIC_ARCH", openBLASCore: "Zen",
        oneDNNVersion: "2.6.3", oneDNNInstructionSet: "avx2"),
      convolutions: ConvolutionChoices(
        processor: .vectors256,
        choices: [
          .init(
            precision: "float32", arithmetic: .direct, forward: "oneDNN", inputGradient: "oneDNN",
            weightGradient: "patches")
        ]),
      binding: ThreadBinding(
        allowedCores: cores, requestedThreadCount: nil, threadCount: threads),
      memory: MemoryDescription(
        meminfo: "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB",
        hugePages: "always [madvise] never"), messagePassingLibrary: "Open MPI v4.1.4",
      overrides: [:])
  }
}
