import ArrayFiles
import Configurations
import Datasets
import Foundation
import ImageFiles
import Inference
import Tensors
import TestSupport
import Testing
import Training

@Suite("Codes of several crops, from shards to a trained generator")
struct CropCodesTests {
  /// Encodes the held-out digits with a fresh tokenizer.
  private func withCodes(
    _ recipe: CropRecipe,
    _ body: (_ folder: String, _ tokenizer: String, _ codes: String) throws -> Void
  ) throws {
    try withTemporaryDirectory { folder in
      try DigitsDataset.write(to: folder + "/digits")
      let tokenizer = try SmallRuns(folder: folder).imported(.tokenizer)
      let codes = folder + "/codes.h5"
      let report = try CodeExtraction.encode(
        data: folder + "/digits/evaluation", with: ModelSource(path: tokenizer), to: codes,
        recipe: recipe, communicator: .single())
      #expect(report.contains("codes of 197 images, \(recipe.cropCount) crop(s) each"))
      try body(folder, tokenizer, codes)
    }
  }

  @Test(arguments: CropRecipe.allCases)
  func everyCropOfEveryImageIsEncoded(recipe: CropRecipe) throws {
    try withCodes(recipe) { folder, tokenizer, codes in
      let loaded = try LoadedTokenizer(ModelSource(path: tokenizer)) { _ in }
      let file = try CodesFile(path: codes, tokenizerDigest: loaded.digest)
      #expect(file.description.cropCount == recipe.cropCount)
      #expect(file.description.cropRecipeDigest == recipe.digest(size: 32))
      #expect(try file.cropRecipe(size: 32) == recipe)
      let dataset = try ImageDataset(folder: folder + "/digits/evaluation")
      for index in [0, 2, 3, 101, 196] {
        let sample = try dataset.sample(at: index)
        let crops = recipe.crops(of: try dataset.image.image(of: sample), size: 32)
        let tokens = try loaded.model.tokens(of: Tensor(images: crops)).array(of: Int32.self)
        let stored = try crops.indices.flatMap { try file.codes(at: index, crop: $0) }
        #expect(stored.map(Int32.init) == tokens, "sample \(index)")
        #expect(Int(file.labels[index]) == sample.label)
      }
    }
  }

  @Test func aGeneratorTrainsOnTenCrops() throws {
    try withCodes(.ten) { folder, tokenizer, codes in
      let runs = SmallRuns(folder: folder)
      let settings = [
        "tokenizer=\(tokenizer)", "data.codes=\(codes)", "data.evaluation=\(codes)", "steps=3",
      ]
      for name in ["first", "second"] {
        let outcome = try TrainingRun.generator(
          try runs.generator(settings + ["run.name=\(name)"]), SmallRuns.session)
        #expect(outcome == .finished(step: 3))
      }
      let files = try ["first", "second"].map {
        try ModelSource(path: folder + "/" + $0).checkpoint { _ in }.manifest.files
      }
      #expect(files[0] == files[1])
    }
  }

  @Test func cropsByAnotherRecipeAreRefused() throws {
    try withTemporaryDirectory { folder in
      let runs = SmallRuns(folder: folder)
      let tokenizer = try runs.imported(.tokenizer)
      let loaded = try LoadedTokenizer(ModelSource(path: tokenizer)) { _ in }
      let digest = loaded.digest
      // The right number of crops, but of another size; and the right digest of another number.
      for (count, recipe) in [
        (10, CropRecipe.ten.digest(size: 64)), (2, CropRecipe.ten.digest(size: 32)),
      ] {
        let path = folder + "/codes-\(count).h5"
        try writeCodes(
          to: path, sampleCount: 4, cropCount: count, tokenizerDigest: digest, recipe: recipe)
        let configuration = try runs.generator([
          "run.name=refused", "tokenizer=\(tokenizer)", "data.codes=\(path)",
        ])
        let error = #expect(throws: DataError.self) {
          try TrainingRun.generator(configuration, SmallRuns.session)
        }
        for text in [path, recipe, "ten (10, \(CropRecipe.ten.digest(size: 32)))"] {
          #expect(error?.description.contains(text) == true, "\(text)")
        }
      }
    }
  }

  @Test func theCropIsAFunctionOfSeedStepLaneAndSlot() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/codes.h5"
      try writeCodes(
        to: path, sampleCount: 7, cropCount: 10, tokenizerDigest: "any",
        recipe: CropRecipe.ten.digest(size: 32))
      // (sample, crop) in every place of some steps, in a given order of reading.
      func choices(seed: UInt64, steps: [Int]) throws -> [Int: [[UInt16]]] {
        let file = try CodesFile(path: path)
        let reader = CodeLaneReader(file: file, recipe: try file.cropRecipe(size: 32), seed: seed)
        let plan = EpochPlan(sampleCount: 7, laneCount: 2, samplesPerLane: 3, seed: 5)
        var found: [Int: [[UInt16]]] = [:]
        for step in steps {
          for lane in [1, 0] {
            let codes = try CodeLaneMessage(
              bytes: try reader.training(plan, step: step, lane: lane)
            ).codes
            for slot in 0..<3 {
              let row = Array(codes[slot * 16..<slot * 16 + 2])
              let place = plan.place(step: step, lane: lane, slot: slot)
              #expect(Int(row[0]) == place.sampleIndex)
              found[place.ordinal] = (found[place.ordinal] ?? []) + [row]
            }
          }
        }
        return found
      }
      let forward = try choices(seed: 1, steps: Array(0..<200))
      #expect(try choices(seed: 1, steps: Array((0..<200).reversed())) == forward)
      #expect(try choices(seed: 2, steps: Array(0..<200)) != forward)
      // Over some epochs a sample takes all of its crops.
      for sample in 0..<7 {
        let crops = forward.values.flatMap(\.self).filter { Int($0[0]) == sample }.map { $0[1] }
        #expect(Set(crops) == Set(0..<10))
      }
    }
  }

  /// Evaluation takes the centre, which is the fifth of ten crops.
  @Test func evaluationTakesTheCentre() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/codes.h5"
      try writeCodes(
        to: path, sampleCount: 3, cropCount: 10, tokenizerDigest: "any",
        recipe: CropRecipe.ten.digest(size: 32))
      let file = try CodesFile(path: path)
      let reader = CodeLaneReader(file: file, recipe: .ten, seed: 0)
      let plan = EvaluationPlan(sampleCount: 3, laneCount: 1, samplesPerLane: 4)
      let codes = try CodeLaneMessage(bytes: reader.evaluation(plan, step: 0, lane: 0)).codes
      #expect(codes.count == 3 * 16)
      #expect((0..<3).map { Array(codes[$0 * 16..<$0 * 16 + 2]) } == [[0, 4], [1, 4], [2, 4]])
    }
  }

  /// Codes that begin with the numbers of their sample and of their crop.
  private func writeCodes(
    to path: String, sampleCount: Int, cropCount: Int, tokenizerDigest: String, recipe: String
  ) throws {
    let writer = try CodesWriter(
      path: path,
      description: CodesDescription(
        sampleCount: sampleCount, cropCount: cropCount, tokenCount: 16, vocabularySize: 64,
        classCount: 10, tokenizerDigest: tokenizerDigest, cropRecipeDigest: recipe))
    let codes = (0..<sampleCount).flatMap { sample in
      (0..<cropCount).flatMap { crop in
        [UInt16(sample), UInt16(crop)] + [UInt16](repeating: 0, count: 14)
      }
    }
    try writer.write(
      codes, labels: (0..<sampleCount).map { $0 % 10 }, keys: (0..<sampleCount).map { "\($0)" },
      at: 0)
    try writer.publish()
  }
}
