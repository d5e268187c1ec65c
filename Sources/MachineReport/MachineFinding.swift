import Kernels
import Reporting

/// Something about the machines of a run that costs speed, and what to do about it.
public struct MachineFinding: Sendable, Equatable, Codable, CustomStringConvertible {
  /// What it is about, such as `threads` or `OpenBLAS`.
  public var subject: String
  /// The machine or machines.
  public var place: String
  /// What is wrong.
  public var problem: String
  /// What to do.
  public var fix: String

  /// Makes a finding.
  public init(subject: String, place: String, problem: String, fix: String) {
    self.subject = subject
    self.place = place
    self.problem = problem
    self.fix = fix
  }

  /// All of it in one line.
  public var description: String { "\(subject) on \(place): \(problem). To fix: \(fix)" }
}

extension MachineFinding {
  /// What the facts about all ranks' machines say.
  ///
  /// - Parameter machines: One a rank.
  /// - Returns: The findings, machine by machine; none when all is well.
  public static func findings(of machines: [RankMachine]) -> [MachineFinding] {
    let own = hostNames(machines).flatMap { host in
      let ranks = machines.filter { $0.hostName == host }
      return threads(host, ranks) + libraries(host, ranks[0]) + memory(host, ranks)
    }
    return own + differences(machines)
  }

  /// What measured rates say, one a rank.
  public static func findings(
    of machines: [RankMachine], rates: [MachineRates]
  ) -> [MachineFinding] {
    zip(machines, rates).compactMap { machine, rates in
      let threadCount = machine.binding.threadCount
      let gain = rates.float32Product / rates.float32ProductOneThread
      guard threadCount > 1, gain < 0.7 * Double(threadCount) else { return nil }
      return MachineFinding(
        subject: "threads", place: "\(machine.hostName), rank \(machine.rank)",
        problem:
          "\(threadCount) threads multiply \(FigureText.significant(gain)) times as fast as one",
        fix:
          "give every thread a core of its own: fewer threads or ranks where two of them share a "
          + "core, and no other programs beside them")
    }
  }

  /// The machines' names in the order of ranks, each once.
  private static func hostNames(_ machines: [RankMachine]) -> [String] {
    machines.reduce(into: []) { names, machine in
      if !names.contains(machine.hostName) { names.append(machine.hostName) }
    }
  }

  /// Threads of all ranks against the cores of their machine.
  private static func threads(_ host: String, _ ranks: [RankMachine]) -> [MachineFinding] {
    let coreCount = Set(ranks.flatMap(\.binding.allowedCores)).count
    let threadCount = ranks.reduce(0) { $0 + $1.binding.threadCount }
    guard coreCount > 0 else { return [] }
    let each = coreCount / ranks.count
    func finding(_ problem: String, _ fix: String) -> [MachineFinding] {
      [MachineFinding(subject: "threads", place: host, problem: problem, fix: fix)]
    }
    let work =
      "\(ranks.count) rank(s) compute with \(threadCount) thread(s) on \(coreCount) core(s)"
    if threadCount > coreCount, each == 0 {
      return finding(work, "start at most \(coreCount) rank(s) on this machine")
    }
    let setting = "OMP_NUM_THREADS=\(each), or threads: \(each) in the configuration"
    if threadCount > coreCount {
      return finding("\(work): they take turns", "set \(setting), or bind the ranks to more cores")
    }
    if each * ranks.count > threadCount {
      return finding("\(work): the others are idle", "set \(setting), or start more ranks")
    }
    return []
  }

  private static func libraries(_ host: String, _ machine: RankMachine) -> [MachineFinding] {
    [openBLAS(host, machine), oneDNN(host, machine)].compactMap { $0 }
  }

  private static func openBLAS(_ host: String, _ machine: RankMachine) -> MachineFinding? {
    // Where oneDNN has AVX-512, every product goes to it.
    guard !machine.libraries.oneDNNInstructionSet.hasPrefix("avx512") else { return nil }
    let choice = OpenBLASCore.choice(for: machine.processor)
    let libraries = machine.libraries
    guard let choice, !choice.fits(libraries.openBLASCore) else { return nil }
    let forced = machine.overrides["OPENBLAS_CORETYPE"].map { " (OPENBLAS_CORETYPE=\($0) is set)" }
    let isDynamic = libraries.openBLASConfiguration.contains("DYNAMIC_ARCH")
    return MachineFinding(
      subject: "OpenBLAS", place: host,
      problem: "its kernels are those of \(libraries.openBLASCore)\(forced ?? ""), the processor "
        + "has \(choice.reason): products can run at half speed",
      fix: isDynamic
        ? "set OPENBLAS_CORETYPE=\(choice.recommended) in the environment of every rank"
        : "install an OpenBLAS that is built with DYNAMIC_ARCH; this one has one set of kernels")
  }

  /// What oneDNN could use, the most first, and the processor's features that it takes.
  private static let oneDNNLevels = [
    (set: "avx512_core_amx", features: ["amx_tile", "amx_bf16"]),
    (set: "avx512_core_bf16", features: ["avx512_bf16"]),
    (set: "avx512_core", features: ["avx512f", "avx512dq", "avx512bw", "avx512vl"]),
    (set: "avx2", features: ["avx2", "fma"]),
  ]

  private static func oneDNN(_ host: String, _ machine: RankMachine) -> MachineFinding? {
    let sets = MathLibraries.oneDNNInstructionSets
    let found = machine.libraries.oneDNNInstructionSet
    let best = oneDNNLevels.first { machine.processor.has($0.features) }?.set
    guard machine.processor.architecture == "x86-64", let best,
      let expected = sets.firstIndex(of: best), let level = sets.firstIndex(of: found),
      level < expected
    else { return nil }
    let limits = ["ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"].filter { machine.overrides[$0] != nil }
    return MachineFinding(
      subject: "oneDNN", place: host,
      problem: "it generates code for \(found), the processor has \(best)",
      fix: limits.isEmpty
        ? "install a newer oneDNN than \(machine.libraries.oneDNNVersion), and see that the system "
          + "lets programs use the processor's registers"
        : "remove \(limits.joined(separator: " and ")) from the environment of every rank")
  }

  private static func memory(_ host: String, _ ranks: [RankMachine]) -> [MachineFinding] {
    let memory = ranks[0].memory
    var findings: [MachineFinding] = []
    if memory.hugePages == "never" {
      findings.append(
        MachineFinding(
          subject: "memory", place: host,
          problem: "the system gives no large pages: passes over activations wait for addresses",
          fix: "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled, as root"))
    }
    if memory.totalByteCount > 0, memory.availableByteCount < ranks.count << 30 {
      findings.append(
        MachineFinding(
          subject: "memory", place: host,
          problem:
            "\(FigureText.gibibytes(memory.availableByteCount)) GiB are left for \(ranks.count) rank(s)",
          fix: "end other programs, or start fewer ranks on this machine"))
    }
    return findings
  }

  /// Ranks whose libraries choose other kernels than rank 0's.
  private static func differences(_ machines: [RankMachine]) -> [MachineFinding] {
    guard let first = machines.first else { return [] }
    func others(_ differs: (RankMachine) -> Bool) -> String {
      hostNames(machines.filter(differs)).joined(separator: ", ")
    }
    var findings: [MachineFinding] = []
    let strangers = others {
      $0.processor.features != first.processor.features || $0.libraries != first.libraries
    }
    if !strangers.isEmpty {
      findings.append(
        MachineFinding(
          subject: "machines", place: strangers,
          problem: "processor or numerical libraries differ from those of \(first.hostName): the "
            + "slowest sets the pace, and other numbers of ranks may give other bits",
          fix: "run on machines of one kind with the same packages"))
    }
    let foreign = others { $0.messagePassingLibrary != first.messagePassingLibrary }
    if !foreign.isEmpty {
      findings.append(
        MachineFinding(
          subject: "MPI", place: foreign,
          problem: "the library differs from \(first.messagePassingLibrary) on \(first.hostName)",
          fix: "install the same MPI library on all machines"))
    }
    return findings
  }
}
