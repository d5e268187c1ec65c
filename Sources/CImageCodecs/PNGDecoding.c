// PNG decoding by zlib.
//
// Not by libpng, which judges damage otherwise than Pillow does: what is read here and what is refused is
// what Pillow reads and refuses, and so are the bytes.

#include "CImageCodecs.h"

#include "PNGChunks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

// Adam7: where each of the seven passes begins, and its distances.
typedef struct {
  int64_t top, left, down, right;
} Pass;

static const Pass passes[7] = {{0, 0, 8, 8}, {0, 4, 8, 8}, {4, 0, 8, 4}, {0, 2, 4, 4},
                               {2, 0, 4, 2}, {0, 1, 2, 2}, {1, 0, 2, 1}};
static const Pass whole = {0, 0, 1, 1};

// The part of the picture that is in the data.
typedef struct {
  int64_t top, left, height, width;
} Part;

static Part part_of(const PNGPicture *picture) {
  if (picture->hasFrame) {
    return (Part){picture->frameTop, picture->frameLeft, picture->frameHeight,
                  picture->frameWidth};
  }
  return (Part){0, 0, picture->height, picture->width};
}

static int64_t bits_of_pixel(const PNGPicture *picture) {
  switch (picture->type) {
  case Colour:
    return 3 * picture->depth;
  case GreyAlpha:
    return 2 * picture->depth;
  case ColourAlpha:
    return 4 * picture->depth;
  default:
    return picture->depth;
  }
}

static int64_t byte_count(const PNGPicture *picture, int64_t pixelCount) {
  return (pixelCount * bits_of_pixel(picture) + 7) / 8;
}

static int64_t pixel_count(Part part, Pass pass) {
  return (part.width - pass.left + pass.right - 1) / pass.right;
}

// The bytes of all rows as the file stores them, by the ratio that deflate cannot exceed.
static int64_t least_byte_count(const PNGPicture *picture) {
  Part part = part_of(picture);
  // Every row has a byte that names its filter. The passes of an interlaced file have rows of their
  // own, with no fewer bytes in all but for those that fill up the last byte of a row.
  int64_t extraByteCount = picture->isInterlaced ? -1 : 1;
  int64_t rowByteCount = byte_count(picture, part.width) + extraByteCount;
  return rowByteCount > INT64_MAX / part.height ? INT64_MAX : part.height * rowByteCount / 1032;
}

int CImageCodecs_pngHeader(const uint8_t *bytes, size_t byteCount, CImageCodecsHeader *header,
                           char *message) {
  PNGSource source = {.bytes = bytes, .byteCount = byteCount, .message = message};
  PNGPicture picture;
  size_t dataCount;
  if (png_read_head(&source, &picture, &dataCount) != 0) {
    return -1;
  }
  if (picture.width == 0 || picture.height == 0) {
    return png_fail(&source, "its header announces no pixels");
  }
  if (picture.width > CImageCodecs_pngSideLimit || picture.height > CImageCodecs_pngSideLimit) {
    snprintf(message, CImageCodecs_messageSize,
             "its header announces %u x %u pixels, and a side has at most %d", picture.height,
             picture.width, CImageCodecs_pngSideLimit);
    return -1;
  }
  header->size.height = picture.height;
  header->size.width = picture.width;
  header->leastByteCount = least_byte_count(&picture);
  header->columnStep = 0;
  return 0;
}

// MARK: Rows to RGB

static uint8_t grey_of(const PNGPicture *picture, const uint8_t *row, int64_t x) {
  switch (picture->depth) {
  case 16:
    return row[2 * x] == 0 ? row[2 * x + 1] : 255;
  case 8:
    return row[x];
  default: {
    int depth = picture->depth, perByte = 8 / depth, greatest = (1 << depth) - 1;
    int shift = 8 - depth * (int)(x % perByte + 1);
    return (uint8_t)((row[x / perByte] >> shift & greatest) * (255 / greatest));
  }
  }
}

static int index_of(const PNGPicture *picture, const uint8_t *row, int64_t x) {
  int depth = picture->depth, perByte = 8 / depth;
  int shift = 8 - depth * (int)(x % perByte + 1);
  return row[x / perByte] >> shift & ((1 << depth) - 1);
}

// Writes a row's pixels, each `step` bytes behind the one before.
static void write_row(const PNGPicture *picture, const uint8_t *row, int64_t pixelCount,
                      uint8_t *rgb, int64_t step) {
  int64_t stride = bits_of_pixel(picture) / 8, sample = picture->depth / 8;
  for (int64_t x = 0; x < pixelCount; x++, rgb += step) {
    switch (picture->type) {
    case Palette:
      memcpy(rgb, picture->palette + 3 * index_of(picture, row, x), 3);
      break;
    case Grey:
      memset(rgb, grey_of(picture, row, x), 3);
      break;
    case GreyAlpha:
      memset(rgb, row[stride * x], 3);
      break;
    default:
      for (int c = 0; c < 3; c++) {
        rgb[c] = row[stride * x + sample * c];
      }
    }
  }
}

// MARK: Filters

static uint8_t paeth(int left, int above, int corner) {
  int toLeft = abs(above - corner), toAbove = abs(left - corner);
  int toCorner = abs(left + above - 2 * corner);
  return (uint8_t)(toLeft <= toAbove && toLeft <= toCorner ? left
                   : toAbove <= toCorner                  ? above
                                                          : corner);
}

// Undoes the filter of a row, given the row above; false if there is no such filter.
static bool unfilter(uint8_t filter, uint8_t *row, const uint8_t *above, int64_t count,
                     int64_t stride) {
  switch (filter) {
  case 0:
    return true;
  case 1:
    for (int64_t i = stride; i < count; i++) {
      row[i] = (uint8_t)(row[i] + row[i - stride]);
    }
    return true;
  case 2:
    for (int64_t i = 0; i < count; i++) {
      row[i] = (uint8_t)(row[i] + above[i]);
    }
    return true;
  case 3:
    for (int64_t i = 0; i < count; i++) {
      row[i] = (uint8_t)(row[i] + ((i < stride ? 0 : row[i - stride]) + above[i]) / 2);
    }
    return true;
  case 4:
    for (int64_t i = 0; i < count; i++) {
      row[i] = (uint8_t)(row[i] + (i < stride ? above[i]
                                              : paeth(row[i - stride], above[i],
                                                      above[i - stride])));
    }
    return true;
  default:
    return false;
  }
}

// MARK: Data

// The rows as they come out of the data.
typedef struct {
  const PNGPicture *picture;
  Part part;
  uint8_t *rgb;
  int64_t width;
  // The row that is being filled, with the byte of its filter in front, and the one above.
  uint8_t *row, *above;
  int64_t filledCount, rowByteCount;
  // The pass and its next row; `y` is the height once all is done.
  int passNumber;
  Pass pass;
  int64_t y;
} Rows;

static void begin_pass(Rows *rows, int number) {
  rows->passNumber = number;
  rows->pass = rows->picture->isInterlaced ? passes[number] : whole;
  rows->y = rows->pass.top;
  rows->rowByteCount = byte_count(rows->picture, pixel_count(rows->part, rows->pass));
}

// Undoes the filter of the row that is full, writes it, and goes on to the next one.
static bool take_row(Rows *rows) {
  int64_t stride = (bits_of_pixel(rows->picture) + 7) / 8;
  if (!unfilter(rows->row[0], rows->row + 1, rows->above + 1, rows->rowByteCount, stride)) {
    return false;
  }
  int64_t column = rows->part.left + rows->pass.left;
  uint8_t *first = rows->rgb + 3 * ((rows->part.top + rows->y) * rows->width + column);
  write_row(rows->picture, rows->row + 1, pixel_count(rows->part, rows->pass), first,
            3 * rows->pass.right);
  uint8_t *done = rows->row;
  rows->row = rows->above;
  rows->above = done;
  rows->filledCount = 0;
  rows->y += rows->pass.down;
  while (rows->y >= rows->part.height || rows->rowByteCount == 0) {
    if (!rows->picture->isInterlaced || rows->passNumber == 6) {
      rows->y = rows->part.height;
      break;
    }
    begin_pass(rows, rows->passNumber + 1);
    memset(rows->above, 0, (size_t)byte_count(rows->picture, rows->part.width) + 1);
  }
  return true;
}

// Inflates some bytes of data. 1: all rows are there, or the data end; 0: more are needed; -1: damage.
static int inflate_rows(Rows *rows, z_stream *stream, PNGSource *source) {
  while (stream->avail_in > 0) {
    stream->next_out = rows->row + rows->filledCount;
    stream->avail_out = (uInt)(rows->rowByteCount + 1 - rows->filledCount);
    int status = inflate(stream, Z_NO_FLUSH);
    if (status < 0) {
      return png_fail(source, "its compressed data are broken");
    }
    rows->filledCount = rows->rowByteCount + 1 - stream->avail_out;
    if (stream->avail_out > 0) {
      return 0;
    }
    if (!take_row(rows)) {
      return png_fail(source, "a row has an unknown filter");
    }
    // Data that end between two rows leave the rest as it is: black, or the palette's first colour.
    if (rows->y >= rows->part.height || status == Z_STREAM_END) {
      return 1;
    }
  }
  return 0;
}

// Reads the data in pieces, as Pillow does: how far zlib has looked ahead when the last row is there
// decides whether a wrong checksum at the end of the data is noticed.
static int read_rows(Rows *rows, z_stream *stream, PNGSource *source, PNGPicture *picture,
                     size_t dataCount) {
  enum { pieceLimit = 65536 };
  for (;;) {
    while (dataCount == 0) {
      if (png_next_data(source, picture, &dataCount) != 0) {
        return -1;
      }
    }
    size_t piece = dataCount < pieceLimit ? dataCount : pieceLimit;
    dataCount -= piece;
    size_t remaining = source->byteCount - source->position;
    size_t present = piece < remaining ? piece : remaining;
    if (present == 0) {
      return png_fail(source, "the file ends too early");
    }
    stream->next_in = (uint8_t *)source->bytes + source->position;
    stream->avail_in = (uInt)present;
    source->position += present;
    int status = inflate_rows(rows, stream, source);
    if (status < 0) {
      return -1;
    }
    if (status == 1) {
      size_t unread = source->byteCount - source->position;
      source->position += dataCount < unread ? dataCount : unread;
      return png_read_tail(source, picture);
    }
  }
}

static int decode(PNGSource *source, PNGPicture *picture, size_t dataCount, uint8_t *rgb) {
  Rows rows = {.picture = picture, .part = part_of(picture), .rgb = rgb, .width = picture->width};
  size_t rowRoom = (size_t)byte_count(picture, rows.part.width) + 1;
  uint8_t *buffers = calloc(2, rowRoom);
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  if (buffers == NULL || inflateInit(&stream) != Z_OK) {
    free(buffers);
    return png_fail(source, "out of memory");
  }
  rows.row = buffers;
  rows.above = buffers + rowRoom;
  begin_pass(&rows, 0);
  int status = read_rows(&rows, &stream, source, picture, dataCount);
  inflateEnd(&stream);
  free(buffers);
  return status;
}

int CImageCodecs_decodePNG(const uint8_t *bytes, size_t byteCount, CImageCodecsSize size,
                           uint8_t *rgb, char *message) {
  PNGSource source = {.bytes = bytes, .byteCount = byteCount, .message = message};
  PNGPicture picture;
  size_t dataCount;
  if (png_read_head(&source, &picture, &dataCount) != 0) {
    return -1;
  }
  if (picture.height != size.height || picture.width != size.width) {
    return png_fail(&source, "its header announces another size than its data");
  }
  if (picture.type == Palette) {
    for (int64_t i = 0; i < size.height * size.width; i++) {
      memcpy(rgb + 3 * i, picture.palette, 3);
    }
  } else {
    memset(rgb, 0, (size_t)(size.height * size.width * 3));
  }
  return decode(&source, &picture, dataCount, rgb);
}
