// What the chunks of a PNG file say, up to its pixels and behind them.
#ifndef PNG_CHUNKS_H
#define PNG_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Colour types of PNG.
enum { Grey = 0, Colour = 2, Palette = 3, GreyAlpha = 4, ColourAlpha = 6 };

/// A file that is read from its beginning to its end.
typedef struct {
  const uint8_t *bytes;
  size_t byteCount;
  /// Where the next chunk begins.
  size_t position;
  /// Room for a sentence of `CImageCodecs_messageSize`.
  char *message;
} PNGSource;

/// One chunk; `content` has `length` bytes, of which some may be beyond the end of the file.
typedef struct {
  uint32_t length;
  char name[5];
  const uint8_t *content;
} PNGChunk;

/// The picture that the chunks describe.
typedef struct {
  uint32_t height;
  uint32_t width;
  /// Bits of a sample, 0 before a header that is known.
  uint8_t depth;
  /// One of the colour types.
  uint8_t type;
  bool isInterlaced;
  /// Red, green and blue of every index; black beyond the palette.
  uint8_t palette[256 * 3];
  /// More entries than indices there are.
  bool hasOverfullPalette;
  /// Frames of an animation, 0 if it is none.
  uint32_t frameCount;
  /// The part of the picture that the first frame of an animation covers.
  bool hasFrame;
  uint32_t frameTop, frameLeft, frameHeight, frameWidth;
  /// Number of the last chunk of the animation, -1 before the first.
  int64_t sequence;
} PNGPicture;

/// Reads the chunks before the first data, with their checksums.
///
/// Leaves `source` behind the name of the first data chunk, and its bytes of data in `*dataCount`.
/// Returns 0, or -1 with a message.
int png_read_head(PNGSource *source, PNGPicture *picture, size_t *dataCount);

/// Goes from inside the data on to the next chunk; `*dataCount` is 0 if it holds no more data.
///
/// Returns 0, or -1 with a message where there is none.
int png_next_data(PNGSource *source, PNGPicture *picture, size_t *dataCount);

/// Reads the chunks behind the data. Their checksums do not count, and neither does a missing end.
///
/// Returns 0, or -1 with a message.
int png_read_tail(PNGSource *source, PNGPicture *picture);

/// Leaves a sentence in the message and returns -1.
int png_fail(PNGSource *source, const char *sentence);

#endif
