// Image codecs with a C interface that Swift can call.
//
// libjpeg-turbo and libpng report errors by longjmp, which must not cross Swift frames, and their
// interfaces are macros and structures that must be set up before setjmp; libwebp's are unions. So each
// function here runs one whole codec call, returns 0 or -1, and on -1 leaves a sentence in `message`.
//
// Which damage is an error, and what becomes of the rest, is as in Pillow (Docs/Data.md).

#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

#include <stddef.h>
#include <stdint.h>

/// Room that every `message` argument must have.
enum { CImageCodecs_messageSize = 256 };

/// Height and width of an image in pixels.
typedef struct {
  int64_t height;
  int64_t width;
} CImageCodecsSize;

/// A rectangle of an image's pixels.
typedef struct {
  int64_t top;
  int64_t left;
  CImageCodecsSize size;
} CImageCodecsWindow;

/// What a file's header says, before any pixel is decoded.
typedef struct {
  CImageCodecsSize size;
  /// A file of fewer bytes cannot hold an image of that size, however well it compresses.
  int64_t leastByteCount;
  /// Windows that are decoded begin at a multiple of so many columns, and end at one or at the image's
  /// side; as many columns at a side that is not the image's come out wrong. 0: no windows are decoded.
  int64_t columnStep;
} CImageCodecsHeader;

/// Scans that a progressive JPEG file may have. Encoders write about ten; a file of very many makes
/// the decoder go over a large image again and again.
enum { CImageCodecs_scanCountLimit = 100 };

/// The longest side of a PNG file, as in libpng.
enum { CImageCodecs_pngSideLimit = 1000000 };

/// Reads a JPEG file's header.
///
/// The least size counts one bit for every block of 8 x 8 samples of every component: no Huffman code
/// is shorter. (Arithmetic coding could be, for images of one colour; such files are too small, too.)
int CImageCodecs_jpegHeader(const uint8_t *bytes, size_t byteCount, CImageCodecsHeader *header,
                            char *message);

/// Decodes a window of a JPEG file of a size into `height * width * 3` bytes of RGB.
///
/// The window's pixels are those of the whole picture, but for `columnStep` columns at its sides. The whole
/// file is read, so that its damage is an error in any window; what lies outside is not transformed and
/// coloured.
///
/// Grey, YCbCr and RGB files are converted by libjpeg-turbo (slow integer inverse transform, fancy
/// upsampling). CMYK and YCCK files are taken as Adobe writes them, with inverted inks.
/// A file that ends while libjpeg-turbo still looks for data of a row is an error, and so are more than
/// `CImageCodecs_scanCountLimit` scans. Of data that are wrong inside, libjpeg-turbo's picture is taken.
int CImageCodecs_decodeJPEG(const uint8_t *bytes, size_t byteCount, CImageCodecsSize size,
                            CImageCodecsWindow window, uint8_t *rgb, char *message);

/// Reads a PNG file's header.
///
/// The least size is a 1032th of the rows' bytes: deflate's shortest code for its longest match, two
/// bits for 258 bytes (zlib's documentation).
int CImageCodecs_pngHeader(const uint8_t *bytes, size_t byteCount, CImageCodecsHeader *header,
                           char *message);

/// Decodes a PNG file into `size.height * size.width * 3` bytes of RGB.
///
/// Alpha and transparency are dropped; gamma is ignored. 16-bit samples keep their high byte, those of
/// grey without alpha are cut off at 255 instead. Of an animation the first frame counts.
///
/// A broken checksum or chunk before the data is an error, and so is a chunk behind them that is cut off;
/// the checksums of the data chunks and those behind, and a missing end, are not.
int CImageCodecs_decodePNG(const uint8_t *bytes, size_t byteCount, CImageCodecsSize size,
                           uint8_t *rgb, char *message);

/// Reads a WebP file's header.
///
/// The least size of a lossy file counts one bit for every block of 16 x 16 pixels; a lossless file of
/// one colour has no least size.
int CImageCodecs_webpHeader(const uint8_t *bytes, size_t byteCount, CImageCodecsHeader *header,
                            char *message);

/// Decodes a WebP file, or the first frame of an animation on a black canvas, into
/// `size.height * size.width * 3` bytes of RGB.
///
/// Alpha is dropped; the colours below it are taken as they are stored.
int CImageCodecs_decodeWebP(const uint8_t *bytes, size_t byteCount, CImageCodecsSize size,
                            uint8_t *rgb, char *message);

/// Encodes 8-bit RGB as PNG; the caller frees `*bytes` with `CImageCodecs_free`.
int CImageCodecs_encodePNG(const uint8_t *rgb, CImageCodecsSize size, uint8_t **bytes,
                           size_t *byteCount, char *message);

/// Frees what `CImageCodecs_encodePNG` returned.
void CImageCodecs_free(uint8_t *bytes);

#endif
