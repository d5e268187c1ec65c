import ArrayFiles
import ImageFiles

/// Writes images into a folder, as PNG files under the names 00000.png and so on or under others.
func write(_ images: [RGBImage], toFolder folder: String, names: [String]? = nil) throws {
  try FileSystem.createDirectory(folder)
  for (index, image) in images.enumerated() {
    try image.writePNG(to: "\(folder)/\(names?[index] ?? "0000\(index).png")")
  }
}

/// The array of images of one size.
func array(of images: [RGBImage]) -> NumPyArray {
  NumPyArray(
    images.flatMap(\.pixels), shape: [images.count, images[0].height, images[0].width, 3])
}
