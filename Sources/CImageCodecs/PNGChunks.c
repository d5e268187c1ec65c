// The chunks of a PNG file, taken as Pillow takes them: strict before the pixels, generous behind.

#include "PNGChunks.h"

#include "CImageCodecs.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

// A compressed text or profile of more than a mebibyte is taken for an attack.
enum { inflatedLimit = 1 << 20 };

static const char endsTooEarly[] = "the file ends too early";

int png_fail(PNGSource *source, const char *sentence) {
  snprintf(source->message, CImageCodecs_messageSize, "%s", sentence);
  return -1;
}

static int fail_in(PNGSource *source, const PNGChunk *chunk, const char *sentence) {
  snprintf(source->message, CImageCodecs_messageSize, "its chunk %s %s", chunk->name, sentence);
  return -1;
}

static uint32_t big_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool is(const PNGChunk *chunk, const char *name) { return strcmp(chunk->name, name) == 0; }

static size_t left(const PNGSource *source) { return source->byteCount - source->position; }

static bool is_name(const uint8_t *bytes) {
  for (int i = 0; i < 4; i++) {
    uint8_t c = bytes[i];
    bool isLetter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!isLetter && !(c >= '0' && c <= '9') && c != '_') {
      return false;
    }
  }
  return true;
}

static int read_chunk(PNGSource *source, PNGChunk *chunk) {
  if (left(source) < 8) {
    return png_fail(source, endsTooEarly);
  }
  const uint8_t *bytes = source->bytes + source->position;
  if (!is_name(bytes + 4)) {
    return png_fail(source, "a chunk's name is broken");
  }
  chunk->length = big_endian(bytes);
  memcpy(chunk->name, bytes + 4, 4);
  chunk->name[4] = 0;
  chunk->content = bytes + 8;
  source->position += 8;
  return 0;
}

static bool is_known(uint8_t depth, uint8_t type) {
  switch (type) {
  case Grey:
    return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
  case Palette:
    return depth == 1 || depth == 2 || depth == 4 || depth == 8;
  case Colour:
  case GreyAlpha:
  case ColourAlpha:
    return depth == 8 || depth == 16;
  default:
    return false;
  }
}

static int read_header(PNGSource *source, const PNGChunk *chunk, PNGPicture *picture) {
  const uint8_t *content = chunk->content;
  picture->width = big_endian(content);
  picture->height = big_endian(content + 4);
  if (is_known(content[8], content[9])) {
    picture->depth = content[8];
    picture->type = content[9];
  }
  picture->isInterlaced = content[12] != 0;
  return content[11] == 0 ? 0 : fail_in(source, chunk, "names an unknown filter method");
}

static void read_palette(const PNGChunk *chunk, PNGPicture *picture) {
  if (picture->depth == 0 || picture->type != Palette) {
    return;
  }
  picture->hasOverfullPalette = chunk->length / 3 > 256;
  memset(picture->palette, 0, sizeof picture->palette);
  size_t count = chunk->length / 3 < 256 ? chunk->length / 3 : 256;
  memcpy(picture->palette, chunk->content, count * 3);
}

static int next_in_sequence(PNGSource *source, const PNGChunk *chunk, PNGPicture *picture) {
  int64_t sequence = big_endian(chunk->content);
  if (sequence != picture->sequence + 1) {
    return fail_in(source, chunk, "is out of sequence");
  }
  picture->sequence = sequence;
  return 0;
}

static int read_frame(PNGSource *source, const PNGChunk *chunk, PNGPicture *picture) {
  if (next_in_sequence(source, chunk, picture) != 0) {
    return -1;
  }
  picture->frameWidth = big_endian(chunk->content + 4);
  picture->frameHeight = big_endian(chunk->content + 8);
  picture->frameLeft = big_endian(chunk->content + 12);
  picture->frameTop = big_endian(chunk->content + 16);
  picture->hasFrame = true;
  if (picture->frameWidth == 0 || picture->frameHeight == 0 ||
      (uint64_t)picture->frameLeft + picture->frameWidth > picture->width ||
      (uint64_t)picture->frameTop + picture->frameHeight > picture->height) {
    return fail_in(source, chunk, "tells of a frame that is not inside the picture");
  }
  return 0;
}

static void read_animation(const PNGChunk *chunk, PNGPicture *picture) {
  // Two of these chunks, or a count that cannot be, make it a still picture.
  uint32_t count = big_endian(chunk->content);
  picture->frameCount = picture->frameCount == 0 && count <= 0x80000000u ? count : 0;
}

static bool inflates_too_far(const uint8_t *bytes, size_t byteCount) {
  uint8_t sink[1 << 14];
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  if (inflateInit(&stream) != Z_OK) {
    return true;
  }
  stream.next_in = (uint8_t *)bytes;
  stream.avail_in = (uInt)byteCount;
  int status = Z_OK;
  while (status == Z_OK && stream.total_out < inflatedLimit) {
    stream.next_out = sink;
    stream.avail_out = sizeof sink;
    status = inflate(&stream, Z_SYNC_FLUSH);
  }
  bool isTooFar = status == Z_OK && stream.avail_in > 0;
  inflateEnd(&stream);
  return isTooFar;
}

// The byte behind the next zero; NULL if there is none.
static const uint8_t *behind_zero(const uint8_t *begin, const uint8_t *end) {
  const uint8_t *zero = begin == end ? NULL : memchr(begin, 0, (size_t)(end - begin));
  return zero == NULL ? NULL : zero + 1;
}

static int check_inflation(PNGSource *source, const PNGChunk *chunk, const uint8_t *compressed) {
  size_t byteCount = (size_t)(chunk->content + chunk->length - compressed);
  return inflates_too_far(compressed, byteCount) ? fail_in(source, chunk, "is larger than 1 MiB") : 0;
}

// A name, a zero, the method of compression (0), then what is compressed.
static int check_compressed(PNGSource *source, const PNGChunk *chunk, bool needsMethod) {
  const uint8_t *end = chunk->content + chunk->length;
  const uint8_t *method = behind_zero(chunk->content, end);
  if (method == NULL && needsMethod) {
    method = chunk->content;
  }
  if (method == NULL || method == end) {
    return needsMethod ? fail_in(source, chunk, "is too short") : 0;
  }
  if (*method != 0) {
    return fail_in(source, chunk, "names an unknown compression");
  }
  return check_inflation(source, chunk, method + 1);
}

// A key, a zero, whether it is compressed, the method, a language, a zero, a key, a zero, the text.
static int check_text(PNGSource *source, const PNGChunk *chunk) {
  const uint8_t *end = chunk->content + chunk->length;
  const uint8_t *flags = behind_zero(chunk->content, end);
  if (flags == NULL || end - flags < 2 || flags[0] == 0 || flags[1] != 0) {
    return 0;
  }
  const uint8_t *key = behind_zero(flags + 2, end);
  const uint8_t *text = key == NULL ? NULL : behind_zero(key, end);
  return text == NULL ? 0 : check_inflation(source, chunk, text);
}

static uint32_t least_length(const PNGChunk *chunk, const PNGPicture *picture) {
  static const struct {
    const char *name;
    uint32_t length;
  } leasts[] = {{"IHDR", 13}, {"gAMA", 4}, {"cHRM", 32}, {"sRGB", 1},
                {"pHYs", 9},  {"acTL", 8}, {"fcTL", 26}, {"fdAT", 4}};
  for (size_t i = 0; i < sizeof leasts / sizeof leasts[0]; i++) {
    if (is(chunk, leasts[i].name)) {
      return leasts[i].length;
    }
  }
  if (is(chunk, "tRNS") && picture->depth != 0) {
    bool hasAlpha = picture->type == GreyAlpha || picture->type == ColourAlpha;
    return hasAlpha || picture->type == Palette ? 0 : picture->type == Colour ? 6 : 2;
  }
  return 0;
}

// Takes in a chunk that holds no pixels, and leaves `source` behind its content.
static int take(PNGSource *source, const PNGChunk *chunk, PNGPicture *picture) {
  if (left(source) < chunk->length) {
    return png_fail(source, endsTooEarly);
  }
  if (chunk->length < least_length(chunk, picture)) {
    return fail_in(source, chunk, "is too short");
  }
  source->position += chunk->length;
  if (is(chunk, "IHDR")) {
    return read_header(source, chunk, picture);
  } else if (is(chunk, "PLTE")) {
    read_palette(chunk, picture);
  } else if (is(chunk, "acTL")) {
    read_animation(chunk, picture);
  } else if (is(chunk, "fcTL")) {
    return read_frame(source, chunk, picture);
  } else if (is(chunk, "fdAT")) {
    return next_in_sequence(source, chunk, picture);
  } else if (is(chunk, "iCCP")) {
    return check_compressed(source, chunk, true);
  } else if (is(chunk, "zTXt")) {
    return check_compressed(source, chunk, false);
  } else if (is(chunk, "iTXt")) {
    return check_text(source, chunk);
  }
  return 0;
}

static int check_sum(PNGSource *source, const PNGChunk *chunk) {
  if (left(source) < 4) {
    return png_fail(source, endsTooEarly);
  }
  uLong sum = crc32(crc32(0, Z_NULL, 0), (const Bytef *)chunk->name, 4);
  for (uint32_t done = 0; done < chunk->length;) {
    uint32_t part = chunk->length - done < 1u << 30 ? chunk->length - done : 1u << 30;
    sum = crc32(sum, chunk->content + done, part);
    done += part;
  }
  if (sum != big_endian(chunk->content + chunk->length)) {
    return fail_in(source, chunk, "has another checksum than it says");
  }
  source->position += 4;
  return 0;
}

// The data of an animation's frame have their number in front.
static int begin_data(PNGSource *source, const PNGChunk *chunk, PNGPicture *picture,
                      size_t *dataCount) {
  *dataCount = chunk->length;
  if (is(chunk, "fdAT")) {
    if (left(source) < 4 || chunk->length < 4) {
      return png_fail(source, endsTooEarly);
    }
    source->position += 4;
    *dataCount -= 4;
    return next_in_sequence(source, chunk, picture);
  }
  return 0;
}

int png_read_head(PNGSource *source, PNGPicture *picture, size_t *dataCount) {
  static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  memset(picture, 0, sizeof *picture);
  picture->sequence = -1;
  if (left(source) < 8 || memcmp(source->bytes, signature, 8) != 0) {
    return png_fail(source, "it does not begin as a PNG file");
  }
  source->position = 8;
  PNGChunk chunk;
  for (;;) {
    if (read_chunk(source, &chunk) != 0) {
      return -1;
    }
    if (is(&chunk, "IEND")) {
      return png_fail(source, "it has no image data");
    }
    if (is(&chunk, "IDAT") || is(&chunk, "fdAT")) {
      break;
    }
    if (take(source, &chunk, picture) != 0 || check_sum(source, &chunk) != 0) {
      return -1;
    }
  }
  if (picture->depth == 0) {
    return png_fail(source, "its header is missing or names an unknown kind of colour");
  }
  if (picture->hasOverfullPalette) {
    return png_fail(source, "its palette has more than 256 colours");
  }
  return begin_data(source, &chunk, picture, dataCount);
}

// Over the checksum of a chunk, which does not count once the pixels have begun.
static void skip(PNGSource *source, size_t byteCount) {
  source->position += byteCount < left(source) ? byteCount : left(source);
}

int png_next_data(PNGSource *source, PNGPicture *picture, size_t *dataCount) {
  skip(source, 4);
  PNGChunk chunk;
  if (read_chunk(source, &chunk) != 0) {
    return -1;
  }
  if (!is(&chunk, "IDAT") && !is(&chunk, "fdAT")) {
    return png_fail(source, "its image data end too early");
  }
  return begin_data(source, &chunk, picture, dataCount);
}

int png_read_tail(PNGSource *source, PNGPicture *picture) {
  bool isDefaultImage = picture->frameCount > 0 && !picture->hasFrame;
  bool isAnimated = picture->frameCount > 1 || isDefaultImage;
  char *message = source->message;
  char unread[CImageCodecs_messageSize];
  for (;;) {
    skip(source, 4);
    PNGChunk chunk;
    source->message = unread;
    int status = read_chunk(source, &chunk);
    source->message = message;
    if (status != 0 || is(&chunk, "IEND") || (is(&chunk, "fcTL") && isAnimated)) {
      return 0;
    }
    if (take(source, &chunk, picture) != 0) {
      return -1;
    }
  }
}
