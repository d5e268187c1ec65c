// PNG decoding and encoding by libpng.

#include "CImageCodecs.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What libpng's callbacks need: the way back to our frame, and the bytes read or written.
typedef struct {
  jmp_buf escape;
  char *message;
  const uint8_t *source;
  size_t remaining;
  uint8_t *sink;
  size_t count;
  size_t capacity;
} Context;

static void leave(png_structp codec, png_const_charp text) {
  Context *context = png_get_error_ptr(codec);
  snprintf(context->message, CImageCodecs_messageSize, "%s", text);
  longjmp(context->escape, 1);
}

static void ignore_warning(png_structp codec, png_const_charp text) {
  (void)codec;
  (void)text;
}

static void read_bytes(png_structp codec, png_bytep destination, png_size_t count) {
  Context *context = png_get_io_ptr(codec);
  if (count > context->remaining) {
    png_error(codec, "the file ends too early");
  }
  memcpy(destination, context->source, count);
  context->source += count;
  context->remaining -= count;
}

static void write_bytes(png_structp codec, png_bytep source, png_size_t count) {
  Context *context = png_get_io_ptr(codec);
  if (context->count + count > context->capacity) {
    size_t capacity = 2 * context->capacity + count;
    uint8_t *larger = realloc(context->sink, capacity);
    if (larger == NULL) {
      png_error(codec, "out of memory");
    }
    context->sink = larger;
    context->capacity = capacity;
  }
  memcpy(context->sink + context->count, source, count);
  context->count += count;
}

static void flush_nothing(png_structp codec) { (void)codec; }

// Sets a reader up to the end of the header. NULL means: `message` says why.
static png_structp open_reader(Context *context, png_infop *info) {
  png_structp codec =
      png_create_read_struct(PNG_LIBPNG_VER_STRING, context, leave, ignore_warning);
  if (codec == NULL) {
    snprintf(context->message, CImageCodecs_messageSize, "libpng could not be set up");
    return NULL;
  }
  *info = png_create_info_struct(codec);
  if (*info == NULL) {
    png_destroy_read_struct(&codec, NULL, NULL);
    snprintf(context->message, CImageCodecs_messageSize, "out of memory");
    return NULL;
  }
  png_set_user_limits(codec, CImageCodecs_pngSideLimit, CImageCodecs_pngSideLimit);
  png_set_read_fn(codec, context, read_bytes);
  return codec;
}

// The bytes of all rows as the file stores them, by the ratio that deflate cannot exceed.
static int64_t least_byte_count(png_structp codec, png_infop info) {
  int64_t height = png_get_image_height(codec, info);
  int64_t rowByteCount = (int64_t)png_get_rowbytes(codec, info);
  // Every row has a byte that names its filter. The passes of an interlaced file have rows of their
  // own, with no fewer bytes in all but for those that fill up the last byte of a row.
  int64_t extraByteCount = png_get_interlace_type(codec, info) == PNG_INTERLACE_NONE ? 1 : -1;
  return height * (rowByteCount + extraByteCount) / 1032;
}

int CImageCodecs_pngHeader(const uint8_t *bytes, size_t byteCount, CImageCodecsHeader *header,
                           char *message) {
  Context context = {.message = message, .source = bytes, .remaining = byteCount};
  png_infop info = NULL;
  png_structp codec = open_reader(&context, &info);
  if (codec == NULL) {
    return -1;
  }
  if (setjmp(context.escape)) {
    png_destroy_read_struct(&codec, &info, NULL);
    return -1;
  }
  png_read_info(codec, info);
  header->size.height = png_get_image_height(codec, info);
  header->size.width = png_get_image_width(codec, info);
  header->leastByteCount = least_byte_count(codec, info);
  png_destroy_read_struct(&codec, &info, NULL);
  return 0;
}

static void request_rgb8(png_structp codec, png_infop info) {
  png_byte type = png_get_color_type(codec, info);
  if (type == PNG_COLOR_TYPE_PALETTE) {
    png_set_palette_to_rgb(codec);
  } else if (type == PNG_COLOR_TYPE_GRAY && png_get_bit_depth(codec, info) < 8) {
    png_set_expand_gray_1_2_4_to_8(codec);
  }
  png_set_strip_16(codec);
  png_set_strip_alpha(codec);
  if ((type & PNG_COLOR_MASK_COLOR) == 0) {
    png_set_gray_to_rgb(codec);
  }
}

int CImageCodecs_decodePNG(const uint8_t *bytes, size_t byteCount, CImageCodecsSize size,
                            uint8_t *rgb, char *message) {
  Context context = {.message = message, .source = bytes, .remaining = byteCount};
  png_infop info = NULL;
  png_structp codec = open_reader(&context, &info);
  if (codec == NULL) {
    return -1;
  }
  if (setjmp(context.escape)) {
    png_destroy_read_struct(&codec, &info, NULL);
    return -1;
  }
  png_read_info(codec, info);
  request_rgb8(codec, info);
  int passCount = png_set_interlace_handling(codec);
  png_read_update_info(codec, info);
  size_t stride = (size_t)size.width * 3;
  if (png_get_rowbytes(codec, info) != stride ||
      png_get_image_height(codec, info) != size.height) {
    png_error(codec, "its header announces another size than its data");
  }
  for (int pass = 0; pass < passCount; pass++) {
    for (int64_t y = 0; y < size.height; y++) {
      png_read_row(codec, rgb + (size_t)y * stride, NULL);
    }
  }
  png_read_end(codec, NULL);
  png_destroy_read_struct(&codec, &info, NULL);
  return 0;
}

int CImageCodecs_encodePNG(const uint8_t *rgb, CImageCodecsSize size, uint8_t **bytes,
                            size_t *byteCount, char *message) {
  Context context = {.message = message};
  png_structp codec =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, &context, leave, ignore_warning);
  if (codec == NULL) {
    snprintf(message, CImageCodecs_messageSize, "libpng could not be set up");
    return -1;
  }
  png_infop info = png_create_info_struct(codec);
  if (info == NULL) {
    png_destroy_write_struct(&codec, NULL);
    snprintf(message, CImageCodecs_messageSize, "out of memory");
    return -1;
  }
  if (setjmp(context.escape)) {
    png_destroy_write_struct(&codec, &info);
    free(context.sink);
    return -1;
  }
  png_set_write_fn(codec, &context, write_bytes, flush_nothing);
  png_set_IHDR(codec, info, (png_uint_32)size.width, (png_uint_32)size.height, 8,
               PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(codec, info);
  for (int64_t y = 0; y < size.height; y++) {
    png_write_row(codec, rgb + (size_t)y * (size_t)size.width * 3);
  }
  png_write_end(codec, info);
  png_destroy_write_struct(&codec, &info);
  *bytes = context.sink;
  *byteCount = context.count;
  return 0;
}

void CImageCodecs_free(uint8_t *bytes) { free(bytes); }
