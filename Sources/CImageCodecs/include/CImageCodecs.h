// Image codecs with a C interface that Swift can call.
//
// libjpeg-turbo and libpng report errors by longjmp, which must not cross Swift frames, and their
// interfaces are macros and structures that must be set up before setjmp. So each function here
// runs one whole codec call, returns 0 or -1, and on -1 leaves a sentence in `message`.

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

/// Reads the size from a JPEG file's header.
int CImageCodecs_jpegSize(const uint8_t *bytes, size_t byteCount, CImageCodecsSize *size,
                           char *message);

/// Decodes a JPEG file into `size.height * size.width * 3` bytes of RGB.
///
/// Grey, YCbCr and RGB files are converted by libjpeg-turbo (slow integer inverse transform, fancy
/// upsampling). CMYK and YCCK files are taken as Adobe writes them, with inverted inks.
/// Lost data (a premature end, a bad code, a missing restart marker) is an error.
int CImageCodecs_decodeJPEG(const uint8_t *bytes, size_t byteCount, CImageCodecsSize size,
                             uint8_t *rgb, char *message);

/// Reads the size from a PNG file's header.
int CImageCodecs_pngSize(const uint8_t *bytes, size_t byteCount, CImageCodecsSize *size,
                          char *message);

/// Decodes a PNG file into `size.height * size.width * 3` bytes of RGB.
///
/// Alpha and transparency are dropped, 16-bit samples keep their high byte, gamma is ignored.
int CImageCodecs_decodePNG(const uint8_t *bytes, size_t byteCount, CImageCodecsSize size,
                            uint8_t *rgb, char *message);

/// Encodes 8-bit RGB as PNG; the caller frees `*bytes` with `CImageCodecs_free`.
int CImageCodecs_encodePNG(const uint8_t *rgb, CImageCodecsSize size, uint8_t **bytes,
                            size_t *byteCount, char *message);

/// Frees what `CImageCodecs_encodePNG` returned.
void CImageCodecs_free(uint8_t *bytes);

#endif
