#pragma once
#include <zlib.h>

// zlib's init functions are macros that pass its version and struct size: Swift cannot call them.
// 15 + 16 selects the gzip container, 15 + 32 detects gzip or zlib when reading.
static inline int czlib_deflate_init_gzip(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
static inline int czlib_inflate_init_gzip(z_stream *stream) { return inflateInit2(stream, 15 + 16); }
