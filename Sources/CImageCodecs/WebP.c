// WebP decoding by libwebp.

#include "CImageCodecs.h"

#include <stdio.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>

static int fail(char *message, const char *sentence) {
  snprintf(message, CImageCodecs_messageSize, "%s", sentence);
  return -1;
}

// The picture, or the first frame of an animation. On success the caller releases both.
static int open_frame(const uint8_t *bytes, size_t byteCount, WebPDemuxer **file,
                      WebPIterator *frame, WebPBitstreamFeatures *features, char *message) {
  WebPData data = {bytes, byteCount};
  *file = WebPDemux(&data);
  if (*file == NULL) {
    return fail(message, "its chunks are broken or end too early");
  }
  if (WebPDemuxGetFrame(*file, 1, frame)) {
    if (WebPGetFeatures(frame->fragment.bytes, frame->fragment.size, features) ==
            VP8_STATUS_OK &&
        features->width == frame->width && features->height == frame->height) {
      return 0;
    }
    WebPDemuxReleaseIterator(frame);
  }
  WebPDemuxDelete(*file);
  return fail(message, "its first frame is broken");
}

// In a lossy frame the kind of every block of 16 x 16 pixels takes a bit at least, with the fixed
// probabilities that the format gives them. Without losses one colour takes no bits at all.
static int64_t least_byte_count(const WebPIterator *frame, const WebPBitstreamFeatures *features) {
  enum { lossy = 1 };
  int64_t blockCount = (int64_t)((frame->width + 15) / 16) * ((frame->height + 15) / 16);
  return features->format == lossy ? blockCount / 8 : 0;
}

int CImageCodecs_webpHeader(const uint8_t *bytes, size_t byteCount, CImageCodecsHeader *header,
                            char *message) {
  WebPDemuxer *file;
  WebPIterator frame;
  WebPBitstreamFeatures features;
  if (open_frame(bytes, byteCount, &file, &frame, &features, message) != 0) {
    return -1;
  }
  header->size.height = WebPDemuxGetI(file, WEBP_FF_CANVAS_HEIGHT);
  header->size.width = WebPDemuxGetI(file, WEBP_FF_CANVAS_WIDTH);
  header->leastByteCount = least_byte_count(&frame, &features);
  header->columnStep = 0;
  WebPDemuxReleaseIterator(&frame);
  WebPDemuxDelete(file);
  return 0;
}

// Alpha is not asked for, so the colours below it come out as they are stored.
static int decode_frame(const WebPIterator *frame, CImageCodecsSize size, uint8_t *rgb,
                        char *message) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) {
    return fail(message, "libwebp has another version than its headers");
  }
  int64_t stride = 3 * size.width;
  int64_t first = frame->y_offset * stride + 3 * (int64_t)frame->x_offset;
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = rgb + first;
  config.output.u.RGBA.stride = (int)stride;
  config.output.u.RGBA.size = (size_t)(size.height * stride - first);
  VP8StatusCode status = WebPDecode(frame->fragment.bytes, frame->fragment.size, &config);
  WebPFreeDecBuffer(&config.output);
  switch (status) {
  case VP8_STATUS_OK:
    return 0;
  case VP8_STATUS_OUT_OF_MEMORY:
    return fail(message, "out of memory");
  case VP8_STATUS_SUSPENDED:
  case VP8_STATUS_NOT_ENOUGH_DATA:
    return fail(message, "its data end too early");
  default:
    return fail(message, "its data are broken");
  }
}

int CImageCodecs_decodeWebP(const uint8_t *bytes, size_t byteCount, CImageCodecsSize size,
                            uint8_t *rgb, char *message) {
  WebPDemuxer *file;
  WebPIterator frame;
  WebPBitstreamFeatures features;
  if (open_frame(bytes, byteCount, &file, &frame, &features, message) != 0) {
    return -1;
  }
  int status;
  if (size.height != WebPDemuxGetI(file, WEBP_FF_CANVAS_HEIGHT) ||
      size.width != WebPDemuxGetI(file, WEBP_FF_CANVAS_WIDTH) ||
      frame.x_offset + frame.width > size.width || frame.y_offset + frame.height > size.height) {
    status = fail(message, "its first frame is not inside its canvas");
  } else {
    if (frame.width != size.width || frame.height != size.height) {
      memset(rgb, 0, (size_t)(size.height * size.width * 3));
    }
    status = decode_frame(&frame, size, rgb, message);
  }
  WebPDemuxReleaseIterator(&frame);
  WebPDemuxDelete(file);
  return status;
}
