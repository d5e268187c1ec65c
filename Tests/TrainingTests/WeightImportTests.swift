import ArrayFiles
import Checkpoints
import Configurations
import Datasets
import Foundation
import Inference
import Reporting
import TestSupport
import Testing
import Training

@Suite("Import of published weights")
struct WeightImportTests {
  @Test(arguments: [RunKind.tokenizer, .generator])
  func anExportOfAnImportIsTheSameFile(kind: RunKind) throws {
    try withTemporaryDirectory { folder in
      let runs = SmallRuns(folder: folder)
      let (weights, configuration) = try runs.write(kind)
      let run = folder + "/new/folder/run"
      let report = try WeightImport.read(weights, configurationPath: configuration, to: run + "/")
      #expect(report.contains("a \(kind) of"))
      #expect(try FileSystem.names(in: folder + "/new/folder") == ["run"])
      #expect(try FileSystem.names(in: run) == ["checkpoints", "config.yaml"])
      for choice in [nil, WeightChoice.ema, .model] {
        let exported = folder + "/again.safetensors"
        _ = try WeightExport.write(ModelSource(path: run, weights: choice), to: exported)
        #expect(FileManager.default.contentsEqual(atPath: weights, andPath: exported))
      }
    }
  }

  @Test func theCheckpointIsSoundAndOfStepZero() throws {
    try withTemporaryDirectory { folder in
      let run = try SmallRuns(folder: folder).imported(.tokenizer)
      let directories = try CheckpointStore(root: run + "/checkpoints").directories()
      #expect(directories == [run + "/checkpoints/step-000000000"])
      #expect(CheckpointVerification(of: directories[0]).problems == [])
      let checkpoint = try ModelSource(path: run).checkpoint { _ in }
      #expect(checkpoint.manifest.step == 0)
      #expect(checkpoint.manifest.kind == .tokenizer)
      #expect(checkpoint.manifest.pins == [:])
      for moments in ["tokenizer.first_moments.h5", "tokenizer.second_moments.h5"] {
        for tensor in try checkpoint.tensors(in: moments) {
          let elements = try checkpoint.read(tensor.name, from: moments).elements
          #expect(elements.allSatisfy { $0.bitPattern == 0 }, "\(tensor.name)")
        }
      }
    }
  }

  @Test func everythingThatIsWrongIsListedAndNothingIsWritten() throws {
    try withTemporaryDirectory { folder in
      let runs = SmallRuns(folder: folder)
      let (weights, configuration) = try runs.write(.generator)
      let file = try SafetensorsFile(contentsOf: weights)
      let names = file.names.sorted()
      var tensors = try names.dropFirst().map { try file.tensor($0) }
      let shape = try file.tensor(names[1]).shape
      tensors[0] = SafetensorsTensor(names[1], [Float(1)], shape: [1])
      tensors += [
        SafetensorsTensor("stray.a", [Float(1)]), SafetensorsTensor("stray.b", [Float(1)]),
      ]
      try SafetensorsFile.write(tensors, to: weights)
      let before = try FileSystem.names(in: folder)
      let error = #expect(throws: WeightMismatch.self) {
        try WeightImport.read(weights, configurationPath: configuration, to: folder + "/a/run")
      }
      #expect(error?.source == .weightFile)
      #expect(error?.missing == [names[0]])
      #expect(error?.extra == ["stray.a", "stray.b"])
      #expect(error?.shapes.map(\.name) == [names[1]])
      #expect(error?.shapes.map(\.expected) == [shape])
      #expect(try FileSystem.names(in: folder) == before)
    }
  }

  /// Tables of positions for large images take gigabytes; weights are the same for all sizes.
  @Test(arguments: [8, 16_384])
  func weightsDoNotDependOnTheSizeOfImages(imageSize: Int) throws {
    try withTemporaryDirectory { folder in
      let (weights, _) = try SmallRuns(folder: folder).write(.tokenizer)
      let configuration = folder + "/other.yaml"
      let other = try SmallRuns(folder: folder).tokenizer(["model.image_size=\(imageSize)"])
      try AtomicFile.write(Array(other.yaml.utf8), to: configuration)
      let tensors = try WeightsFile(contentsOf: weights).tensors.map {
        SafetensorsTensor($0.name, try $0.floats(), shape: $0.shape)
      }
      try SafetensorsFile.write(tensors, to: weights)
      _ = try WeightImport.read(
        weights, configurationPath: configuration, to: folder + "/run")
      let exported = folder + "/again.safetensors"
      _ = try WeightExport.write(ModelSource(path: folder + "/run"), to: exported)
      let again = try SafetensorsFile(contentsOf: exported)
      for tensor in tensors {
        #expect(try again.tensor(tensor.name).floats() == tensor.floats())
      }
    }
  }

  @Test func whatIsThereIsNotTouched() throws {
    try withTemporaryDirectory { folder in
      let runs = SmallRuns(folder: folder)
      let run = try runs.imported(.generator)
      let (weights, configuration) = try runs.write(.generator, seed: 4)
      let before = CheckpointVerification(of: run + "/checkpoints/step-000000000")
      for output in [run, run + "/", weights] {
        #expect(throws: CommandError.outputExists(output)) {
          try WeightImport.read(weights, configurationPath: configuration, to: output)
        }
      }
      #expect(before.isSound)
      #expect(CheckpointVerification(of: run + "/checkpoints/step-000000000") == before)
    }
  }

  /// A run that goes on from an import is the run that begins with the file as `init`.
  @Test func aTrainingGoesOnFromAnImport() throws {
    try withTemporaryDirectory { folder in
      let runs = SmallRuns(folder: folder)
      try DigitsDataset.write(to: folder + "/digits")
      let (data, run) = (folder + "/digits/evaluation", try runs.imported(.tokenizer))
      let settings = [
        "data.train=\(data)", "data.evaluation=\(data)", "steps=2", "checkpoint.every=1",
      ]
      let begun = try runs.tokenizer(
        settings + ["run.name=begun", "init=\(folder)/tokenizer.safetensors"])
      let fresh = try runs.tokenizer(settings + ["run.name=fresh"])
      let resumed = try TokenizerRunConfiguration(
        contentsOf: run + "/config.yaml", overrides: settings)
      #expect(resumed.training.run.directory == run)
      for configuration in [begun, fresh, resumed] {
        let outcome = try TrainingRun.tokenizer(configuration, SmallRuns.session)
        #expect(outcome == .finished(step: 2))
      }
      let manifests = try [run, folder + "/begun", folder + "/fresh"].map {
        try ModelSource(path: $0).checkpoint { _ in }.manifest
      }
      #expect(manifests.map(\.step) == [2, 2, 2])
      #expect(manifests[0].files == manifests[1].files)
      #expect(manifests[0].files != manifests[2].files)
      let log = try String(contentsOfFile: run + "/log.txt", encoding: .utf8)
      #expect(log.contains("beginning with the weights of \(run)/checkpoints/step-000000000"))
      #expect(!log.contains("the checkpoint does not say"), "nothing was computed before")
    }
  }
}
