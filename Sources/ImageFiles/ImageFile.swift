import ArrayFiles
import CImageCodecs

/// An image file whose header was read and is believed.
struct ImageFile {
  /// Rows of the image.
  let height: Int
  /// Columns of the image.
  let width: Int
  private let bytes: [UInt8]
  private let name: String
  private let codec: ImageCodec
  private let columnStep: Int

  /// Reads a header.
  ///
  /// - Throws: `ImageError` for a format that is not decoded, a broken header, and a size that is not
  ///   believed: beyond `RGBImage.pixelCountLimit`, or of more pixels than the file can hold.
  init(_ bytes: [UInt8], name: String) throws(ImageError) {
    let codec = try ImageCodec(of: bytes, name: name)
    var header = CImageCodecsHeader()
    let failure = failureMessage { codec.readHeader(bytes, bytes.count, &header, $0) }
    if let failure { throw .damaged(name: name, format: codec.format.rawValue, reason: failure) }
    let (height, width) = (Int(header.size.height), Int(header.size.width))
    do {
      _ = try claimedSize(
        product: [height, width], field: "height x width", of: name, atLeast: 1,
        limit: RGBImage.pixelCountLimit)
    } catch {
      throw .implausibleSize(name: name, height: height, width: width)
    }
    guard bytes.count >= header.leastByteCount else {
      throw .tooFewBytes(
        name: name, height: height, width: width, byteCount: bytes.count,
        leastByteCount: Int(header.leastByteCount))
    }
    (self.height, self.width) = (height, width)
    (self.bytes, self.name, self.codec) = (bytes, name, codec)
    columnStep = Int(header.columnStep)
  }

  /// All pixels.
  var whole: ImageWindow { ImageWindow(rows: 0..<height, columns: 0..<width) }

  /// The window to decode for the pixels of a window: what the codec can decode by itself, and with
  /// it the columns at its sides that come out wrong.
  func decodable(_ window: ImageWindow) -> ImageWindow {
    guard columnStep > 0 else { return whole }
    let first = max(window.columns.lowerBound / columnStep - 1, 0) * columnStep
    let end = ((window.columns.upperBound - 1) / columnStep + 2) * columnStep
    return ImageWindow(rows: window.rows, columns: first..<min(end, width))
  }

  /// Decodes a window.
  ///
  /// - Throws: `ImageError.damaged`, for damage outside the window, too.
  /// - Precondition: The window is one of `decodable`.
  func pixels(of window: ImageWindow) throws(ImageError) -> RGBImage {
    precondition(
      columnStep > 0 || window == whole, "pixels: \(codec.format) decodes no \(window)")
    let (rowCount, columnCount) = (window.rows.count, window.columns.count)
    let size = CImageCodecsSize(height: Int64(height), width: Int64(width))
    let part = CImageCodecsWindow(
      top: Int64(window.rows.lowerBound), left: Int64(window.columns.lowerBound),
      size: CImageCodecsSize(height: Int64(rowCount), width: Int64(columnCount)))
    var failure: String?
    let pixels = [UInt8](unsafeUninitializedCapacity: rowCount * columnCount * 3) { buffer, count in
      failure = failureMessage {
        codec.decode(bytes, bytes.count, size, part, buffer.baseAddress, $0)
      }
      count = failure == nil ? rowCount * columnCount * 3 : 0
    }
    if let failure {
      throw .damaged(name: name, format: codec.format.rawValue, reason: failure)
    }
    return RGBImage(height: rowCount, width: columnCount, pixels: pixels)
  }
}

/// The functions of a library that decodes files of one format.
private struct ImageCodec {
  typealias Bytes = UnsafePointer<UInt8>?
  typealias Message = UnsafeMutablePointer<CChar>?

  let format: ImageFormat
  let readHeader: (Bytes, Int, UnsafeMutablePointer<CImageCodecsHeader>?, Message) -> CInt
  let decode:
    (Bytes, Int, CImageCodecsSize, CImageCodecsWindow, UnsafeMutablePointer<UInt8>?, Message) ->
      CInt

  /// The codec of a file.
  init(of bytes: [UInt8], name: String) throws(ImageError) {
    switch ImageFormat(sniffing: bytes) {
    case nil: throw .notAnImage(name: name)
    case .jpeg:
      format = .jpeg
      readHeader = CImageCodecs_jpegHeader
      decode = CImageCodecs_decodeJPEG
    case .png:
      format = .png
      readHeader = CImageCodecs_pngHeader
      decode = { CImageCodecs_decodePNG($0, $1, $2, $4, $5) }
    case .webP:
      format = .webP
      readHeader = CImageCodecs_webpHeader
      decode = { CImageCodecs_decodeWebP($0, $1, $2, $4, $5) }
    case .some(let format): throw .unsupportedFormat(name: name, format: format.rawValue)
    }
  }
}

/// Runs one call into the codecs and returns what it left as its message if it failed.
func failureMessage(_ call: (UnsafeMutablePointer<CChar>?) -> CInt) -> String? {
  var message = [CChar](repeating: 0, count: CImageCodecs_messageSize)
  guard call(&message) != 0 else { return nil }
  let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
  return String(decoding: text, as: UTF8.self)
}
