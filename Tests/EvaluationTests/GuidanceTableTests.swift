import ArrayFiles
import Evaluation
import ImageFiles
import TestSupport
import Testing

/// What a search writes.
@Suite struct GuidanceTableTests {
  @Test func fieldsAreQuotedWhereTheyHaveToBe() throws {
    try withTemporaryDirectory { folder in
      let rows = ["1.0", "2.0"].map { guidance in
        GuidanceRow(
          facts: ["guidance": guidance, "version": "a, \"b\"", "seed": "0 1"],
          figures: [Figure("fid", guidance == "1.0" ? 3.5 : 2.5)])
      }
      let table = GuidanceTable(folder: folder, rows: rows)
      #expect(table.best == rows[1])
      try table.write()
      let text = String(decoding: try FileSystem.bytes(of: folder + "/table.csv"), as: UTF8.self)
      #expect(
        text == """
          setting:guidance,setting:seed,setting:version,fid,fid_deviation
          1.0,0 1,"a, ""b""\",3.5,
          2.0,0 1,"a, ""b""\",2.5,

          """)
      let plot = try RGBImage(contentsOfFile: folder + "/plot.png")
      #expect(plot.height == 480 && plot.width == 640)
    }
  }

  /// As long as settings are missing, the best row is that of those which are there, and the table says so.
  @Test func aTableSaysWhatItLacks() throws {
    try withTemporaryDirectory { folder in
      let row = GuidanceRow(facts: ["guidance": "2.0"], figures: [Figure("fid", 3)])
      let part = GuidanceTable(folder: folder, rows: [row], plannedCount: 4)
      try part.write()
      let text = String(decoding: try FileSystem.bytes(of: folder + "/table.json"), as: UTF8.self)
      #expect(
        text.contains("\"settings_planned\" : 4") && text.contains("\"settings_measured\" : 1"))
      #expect(part.description.contains("1 of 4 rows; least FID of these: guidance=2.0"))
      let whole = GuidanceTable(folder: folder, rows: [row], plannedCount: 1)
      #expect(whole.description.contains("1 rows; least FID: guidance=2.0"))
    }
  }

  /// The least and the largest values are at the ends of the axes, a value alone in their middle.
  @Test func pointsAreWhereTheirValuesAre() {
    func colour(_ picture: RGBImage, _ x: Int, _ y: Int) -> [UInt8] {
      let place = (y * picture.width + x) * 3
      return Array(picture.pixels[place..<place + 3])
    }
    let (blue, orange): ([UInt8], [UInt8]) = ([31, 119, 180], [255, 127, 14])
    let picture = PointPlot(series: [
      [.init(x: 5, y: 2), .init(x: 1, y: 8)], [.init(x: 3, y: 2)],
    ]).picture
    #expect(colour(picture, 40, 40) == blue && colour(picture, 600, 440) == blue)
    #expect(colour(picture, 320, 440) == orange)
    // Half way between the two points of a series is its line.
    #expect(colour(picture, 320, 240) == blue && colour(picture, 320, 300) == [255, 255, 255])
    let alone = PointPlot(series: [[.init(x: 2, y: 7)]]).picture
    #expect(colour(alone, 320, 240) == blue)
    #expect(!PointPlot(series: []).picture.pixels.contains(180))
  }
}
