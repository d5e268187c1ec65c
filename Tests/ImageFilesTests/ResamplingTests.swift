import ImageFiles
import Testing

@Suite struct ResamplingTests {
  @Test func resizesEqualPillowsToTheByte() throws {
    let fixture = try Fixtures.load("resizing.json", as: Fixtures.ResizingCases.self)
    for (name, filter) in [("bicubic", ResamplingFilter.bicubic), ("box", .box)] {
      let cases = fixture.cases(named: name)
      #expect(!cases.isEmpty)
      for expected in cases {
        let image = fixture.source.resized(
          height: expected.height, width: expected.width, filter: filter)
        #expect(image == expected.image, "\(expected.testDescription)")
      }
    }
  }

  @Test func resizesOfPhotoSizeEqualPillowsToTheByte() throws {
    let fixture = try Fixtures.load("large-resizing.json", as: Fixtures.LargeResizingCases.self)
    var pixels: [UInt8] = []
    for y in 0..<fixture.height {
      for x in 0..<fixture.width {
        for c in 0..<3 {
          pixels.append(UInt8((x * x * 7 + x * y * 13 + y * y * 3 / 5 + c * 91) % 256))
        }
      }
    }
    let source = RGBImage(height: fixture.height, width: fixture.width, pixels: pixels)
    for expected in fixture.cases {
      let image = source.resized(
        height: expected.height, width: expected.width,
        filter: expected.name == "box" ? .box : .bicubic)
      let checksum = image.pixels.reduce(UInt64(0xCBF2_9CE4_8422_2325)) {
        ($0 ^ UInt64($1)) &* 0x100_0000_01B3
      }
      #expect(
        String(checksum) == expected.checksum,
        "\(expected.name) to \(expected.height) x \(expected.width)")
    }
  }

  @Test func theSameSizeChangesNothing() throws {
    let source = try Fixtures.load("resizing.json", as: Fixtures.ResizingCases.self).source
    #expect(source.resized(height: source.height, width: source.width) == source)
  }

  @Test func cropsEqualTheirReferences() throws {
    let fixture = try Fixtures.load("resizing.json", as: Fixtures.ResizingCases.self)
    for expected in fixture.cases(named: "evaluation") {
      #expect(fixture.source.evaluationCropped(size: expected.height) == expected.image)
    }
    let centred = fixture.cases(named: "adm-centre")
    #expect(centred.count == 3)
    for expected in centred {
      #expect(fixture.source.admCentreCropped(size: expected.height) == expected.image)
    }
  }

  @Test func theRandomCropIsAFunctionOfItsIntegers() throws {
    let fixture = try Fixtures.load("resizing.json", as: Fixtures.ResizingCases.self)
    let expected = try #require(fixture.cases(named: "adm-random").first)
    var bounds: [UInt32] = []
    var draws: [UInt32] = [2, 1, 3]
    let image = fixture.source.admRandomCropped(size: 12, scale: 0.8...1) { bound in
      bounds.append(bound)
      return draws.removeFirst()
    }
    #expect(image == expected.image)
    // Short sides 12...15; a short side of 14 makes the image 14 x 18.
    #expect(bounds == [4, 3, 7])
  }

  @Test func centreCropsRoundAsTheirPrograms() {
    // One row, so that the first pixel of the crop tells its offset.
    func offset(_ width: Int, _ convention: CropConvention) -> UInt8 {
      let row = RGBImage(height: 1, width: width, grey: (0..<width).map(UInt8.init))
      return row.centreCropped(size: 1, convention: convention).pixels[0]
    }
    #expect((1...8).map { offset($0, .torchvision) } == [0, 0, 1, 2, 2, 2, 3, 4])
    #expect((1...8).map { offset($0, .adm) } == [0, 0, 1, 1, 2, 2, 3, 3])
  }

  @Test func theLongSideRoundsAsItsProgram() {
    let image = RGBImage(height: 3, width: 5, filledWith: 9)
    #expect(image.resized(shortSide: 5, convention: .torchvision).width == 8)
    #expect(image.resized(shortSide: 4, convention: .torchvision).width == 6)
    #expect(image.resized(shortSide: 4, convention: .adm).width == 7)
  }

  @Test func mirroringExchangesLeftAndRight() {
    let image = RGBImage(height: 2, width: 3, pixels: (0..<18).map(UInt8.init))
    let mirrored = image.mirrored()
    #expect(mirrored.pixels.prefix(9) == [6, 7, 8, 3, 4, 5, 0, 1, 2])
    #expect(mirrored.mirrored() == image)
  }

  @Test func floatBicubicEqualsPyTorch() throws {
    var largest: Float = 0
    for fixture in try Fixtures.load("float-bicubic.json", as: [Fixtures.FloatCase].self) {
      let result = BicubicInterpolation.resize(
        fixture.plane.floats, height: fixture.height, width: fixture.width,
        toHeight: fixture.newHeight, toWidth: fixture.newWidth)
      let expected = fixture.expected.floats
      #expect(result.count == expected.count)
      largest = zip(result, expected).reduce(largest) { max($0, abs($1.0 - $1.1)) }
    }
    #expect(largest <= 1e-6)
  }

  @Test func aCropBeyondTheImageIsAProgrammersMistake() async {
    await #expect(processExitsWith: .failure) {
      _ = RGBImage(height: 2, width: 2, filledWith: 0).cropped(top: 1, left: 0, height: 2, width: 2)
    }
  }

  @Test func pixelsOfAnotherCountAreAProgrammersMistake() async {
    await #expect(processExitsWith: .failure) {
      _ = RGBImage(height: 2, width: 2, pixels: [1, 2, 3])
    }
  }
}
