// JPEG decoding by libjpeg-turbo.

#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// jpeglib.h needs stdio.h before it.
#include <jpeglib.h>

#include <jerror.h>

// libjpeg's error manager with the way back to our frame behind it.
typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf escape;
  char *message;
  // Whether all rows are there, and only what stands behind them is still looked at.
  int isFinishing;
} ErrorManager;

// What `longjmp` brings: a message was left, or the file ended behind the last row.
enum { broken = 1, finished = 2 };

static void leave(j_common_ptr codec) {
  ErrorManager *errors = (ErrorManager *)codec->err;
  char text[JMSG_LENGTH_MAX];
  errors->base.format_message(codec, text);
  snprintf(errors->message, CImageCodecs_messageSize, "%s", text);
  longjmp(errors->escape, broken);
}

// libjpeg only warns when it makes up an end that is missing; a half image must not pass as one, unless
// all of its rows have been decoded by then. Data that are wrong inside are another matter: libjpeg's
// picture of them is the one that all programs show.
static void refuse_missing_end(j_common_ptr codec, int level) {
  ErrorManager *errors = (ErrorManager *)codec->err;
  if (level >= 0) {
    return;
  }
  if (codec->err->msg_code == JWRN_JPEG_EOF) {
    if (errors->isFinishing) {
      longjmp(errors->escape, finished);
    }
    leave(codec);
  }
  codec->err->num_warnings++;
}

static void print_nothing(j_common_ptr codec) { (void)codec; }

static void install(ErrorManager *errors, struct jpeg_decompress_struct *codec, char *message) {
  codec->err = jpeg_std_error(&errors->base);
  errors->base.error_exit = leave;
  errors->base.emit_message = refuse_missing_end;
  errors->base.output_message = print_nothing;
  errors->message = message;
  errors->isFinishing = 0;
}

// At least one bit for every block: no Huffman code is shorter.
static int64_t least_byte_count(const struct jpeg_decompress_struct *codec) {
  int64_t blockCount = 0;
  for (int c = 0; c < codec->num_components; c++) {
    blockCount += (int64_t)codec->comp_info[c].width_in_blocks *
                  (int64_t)codec->comp_info[c].height_in_blocks;
  }
  return blockCount / 8;
}

int CImageCodecs_jpegHeader(const uint8_t *bytes, size_t byteCount, CImageCodecsHeader *header,
                            char *message) {
  struct jpeg_decompress_struct codec;
  ErrorManager errors;
  memset(&codec, 0, sizeof codec);
  install(&errors, &codec, message);
  if (setjmp(errors.escape)) {
    jpeg_destroy_decompress(&codec);
    return -1;
  }
  jpeg_create_decompress(&codec);
  jpeg_mem_src(&codec, bytes, byteCount);
  jpeg_read_header(&codec, TRUE);
  header->size.height = codec.image_height;
  header->size.width = codec.image_width;
  header->leastByteCount = least_byte_count(&codec);
  header->columnStep = (int64_t)codec.max_h_samp_factor * DCTSIZE;
  jpeg_destroy_decompress(&codec);
  return 0;
}

// libjpeg calls this now and then; nothing else can stop it between two scans.
static void refuse_many_scans(j_common_ptr codec) {
  if (((j_decompress_ptr)codec)->input_scan_number > CImageCodecs_scanCountLimit) {
    ErrorManager *errors = (ErrorManager *)codec->err;
    snprintf(errors->message, CImageCodecs_messageSize, "it has more than %d scans",
             CImageCodecs_scanCountLimit);
    longjmp(errors->escape, broken);
  }
}

static uint8_t rounded_product(int a, int b) {
  int scaled = a * b + 128;
  return (uint8_t)((scaled + (scaled >> 8)) >> 8);
}

// Adobe's CMYK holds 255 - ink: what light each ink lets pass. The light that black lets pass is
// cut by the three others.
static void inverted_cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb, int64_t width) {
  for (int64_t x = 0; x < width; x++) {
    int light = cmyk[4 * x + 3];
    for (int c = 0; c < 3; c++) {
      rgb[3 * x + c] = (uint8_t)(light - rounded_product(255 - cmyk[4 * x + c], light));
    }
  }
}

static void choose_output(struct jpeg_decompress_struct *codec, char *message, jmp_buf escape) {
  codec->dct_method = JDCT_ISLOW;
  codec->do_fancy_upsampling = TRUE;
  switch (codec->num_components) {
  case 1:
  case 3:
    codec->out_color_space = JCS_RGB;
    return;
  case 4:
    codec->out_color_space = JCS_CMYK;
    return;
  default:
    snprintf(message, CImageCodecs_messageSize, "it has %d colour components, not 1, 3 or 4",
             codec->num_components);
    longjmp(escape, broken);
  }
}

// Narrows the rows to the window's columns.
//
// Colours of lower resolution are interpolated between neighbours, and those of the first and the last
// column have one that is left out.
static void narrow(struct jpeg_decompress_struct *codec, CImageCodecsWindow window,
                   ErrorManager *errors) {
  if (window.size.width == (int64_t)codec->output_width) {
    return;
  }
  JDIMENSION left = (JDIMENSION)window.left, width = (JDIMENSION)window.size.width;
  jpeg_crop_scanline(codec, &left, &width);
  if (left != window.left || width != window.size.width) {
    snprintf(errors->message, CImageCodecs_messageSize,
             "columns %lld to %lld cannot be decoded by themselves", (long long)window.left,
             (long long)(window.left + window.size.width));
    longjmp(errors->escape, broken);
  }
}

// Writes the window's rows, and reads the rest up to the last row: of which the data must be there.
static void read_window(struct jpeg_decompress_struct *codec, CImageCodecsWindow window,
                        uint8_t *rgb) {
  bool isInk = codec->out_color_space == JCS_CMYK;
  // From libjpeg's own pool, so that destroying the codec frees it on both ways out.
  JSAMPARRAY row = codec->mem->alloc_sarray((j_common_ptr)codec, JPOOL_IMAGE,
                                            codec->output_width * 4, 1);
  if (window.top > 0) {
    jpeg_skip_scanlines(codec, (JDIMENSION)window.top);
  }
  for (int64_t y = 0; y < window.size.height; y++) {
    JSAMPROW target[1] = {rgb + y * window.size.width * 3};
    jpeg_read_scanlines(codec, isInk ? row : target, 1);
    if (isInk) {
      inverted_cmyk_to_rgb(row[0], target[0], window.size.width);
    }
  }
  if (codec->output_scanline + 1 < codec->output_height) {
    jpeg_skip_scanlines(codec, codec->output_height - 1 - codec->output_scanline);
  }
  if (codec->output_scanline < codec->output_height) {
    jpeg_read_scanlines(codec, row, 1);
  }
}

int CImageCodecs_decodeJPEG(const uint8_t *bytes, size_t byteCount, CImageCodecsSize size,
                            CImageCodecsWindow window, uint8_t *rgb, char *message) {
  struct jpeg_decompress_struct codec;
  ErrorManager errors;
  memset(&codec, 0, sizeof codec);
  install(&errors, &codec, message);
  switch (setjmp(errors.escape)) {
  case 0:
    break;
  case finished:
    jpeg_destroy_decompress(&codec);
    return 0;
  default:
    jpeg_destroy_decompress(&codec);
    return -1;
  }
  jpeg_create_decompress(&codec);
  jpeg_mem_src(&codec, bytes, byteCount);
  jpeg_read_header(&codec, TRUE);
  choose_output(&codec, message, errors.escape);
  struct jpeg_progress_mgr progress = {.progress_monitor = refuse_many_scans};
  codec.progress = &progress;
  jpeg_start_decompress(&codec);
  if (codec.output_height != size.height || codec.output_width != size.width) {
    snprintf(message, CImageCodecs_messageSize, "its header announces another size than its data");
    longjmp(errors.escape, broken);
  }
  narrow(&codec, window, &errors);
  read_window(&codec, window, rgb);
  errors.isFinishing = 1;
  jpeg_finish_decompress(&codec);
  jpeg_destroy_decompress(&codec);
  return 0;
}
