// PNG encoding by libpng.

#include "CImageCodecs.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What libpng's callbacks need: the way back to our frame, and the bytes written.
typedef struct {
  jmp_buf escape;
  char *message;
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
