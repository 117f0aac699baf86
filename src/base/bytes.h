// Bytes: borrowed slices, room to fill, and cursors whose failure sticks.
//
// Ownership   nothing here owns anything; a slice lives as long as what it was cut from
// Limits      none; a cursor never reads or writes past its slice

#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/port.h"

// Borrowed, and not to be changed.
struct bytes {
    const uint8_t *ptr;
    size_t len;
};

// Borrowed room, to fill or to change in place.
struct span {
    uint8_t *ptr;
    size_t len;
};

static inline struct bytes bytes_of(const void *ptr, size_t len)
{
    return (struct bytes){ptr, len};
}

static inline struct bytes bytes_of_text(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static inline struct bytes bytes_of_span(struct span span)
{
    return (struct bytes){span.ptr, span.len};
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

// The part from `offset`, at most `len` long; empty where that is outside.
static inline struct bytes bytes_sub(struct bytes b, size_t offset, size_t len)
{
    if (offset >= b.len) {
        return (struct bytes){0};
    }
    size_t left = b.len - offset;
    return (struct bytes){b.ptr + offset, len < left ? len : left};
}

static inline struct span span_of(void *ptr, size_t len)
{
    return (struct span){ptr, len};
}

static inline struct span span_sub(struct span s, size_t offset, size_t len)
{
    if (offset >= s.len) {
        return (struct span){0};
    }
    size_t left = s.len - offset;
    return (struct span){s.ptr + offset, len < left ? len : left};
}

// A cursor over borrowed bytes. Reading past the end returns zeros and sets `failed`, which never
// clears: a parser reads straight through and asks once, at the end, whether it was all there.
struct reader {
    const uint8_t *pos;
    size_t left;
    bool failed;
};

static inline struct reader reader_of(struct bytes b)
{
    return (struct reader){b.ptr, b.len, false};
}

static inline bool reader_at_end(const struct reader *r)
{
    return !r->failed && r->left == 0;
}

static inline struct bytes read_bytes(struct reader *r, size_t len)
{
    if (r->failed || len > r->left) {
        r->failed = true;
        return (struct bytes){0};
    }
    struct bytes taken = {r->pos, len};
    if (len > 0) {
        r->pos += len;
        r->left -= len;
    }
    return taken;
}

static inline struct bytes read_rest(struct reader *r)
{
    return read_bytes(r, r->left);
}

static inline uint8_t read_u8(struct reader *r)
{
    struct bytes b = read_bytes(r, 1);

    return b.len < 1 ? 0 : b.ptr[0];
}

static inline uint16_t read_u16(struct reader *r)
{
    struct bytes b = read_bytes(r, 2);

    if (b.len < 2) {
        return 0;
    }
    return (uint16_t)(b.ptr[0] << 8 | b.ptr[1]);
}

static inline uint32_t read_u24(struct reader *r)
{
    struct bytes b = read_bytes(r, 3);

    if (b.len < 3) {
        return 0;
    }
    return (uint32_t)b.ptr[0] << 16 | (uint32_t)b.ptr[1] << 8 | b.ptr[2];
}

static inline uint32_t read_u32(struct reader *r)
{
    struct bytes b = read_bytes(r, 4);

    if (b.len < 4) {
        return 0;
    }
    return (uint32_t)b.ptr[0] << 24 | (uint32_t)b.ptr[1] << 16 | (uint32_t)b.ptr[2] << 8 | b.ptr[3];
}

static inline uint64_t read_u64(struct reader *r)
{
    uint64_t high = read_u32(r);

    return high << 32 | read_u32(r);
}

// A cursor over room to fill. Writing past the end writes nothing and sets `failed`, which never
// clears.
struct writer {
    uint8_t *start;
    size_t len;  // Written so far.
    size_t room; // In all.
    bool failed;
};

static inline struct writer writer_of(struct span s)
{
    return (struct writer){s.ptr, 0, s.len, false};
}

// What has been written; empty once the writer failed.
static inline struct bytes writer_bytes(const struct writer *w)
{
    return w->failed ? (struct bytes){0} : (struct bytes){w->start, w->len};
}

static inline size_t writer_left(const struct writer *w)
{
    return w->failed ? 0 : w->room - w->len;
}

// Room for `len` bytes that the caller fills, or NULL.
static inline uint8_t *put_room(struct writer *w, size_t len)
{
    if (w->failed || len > w->room - w->len) {
        w->failed = true;
        return NULL;
    }
    uint8_t *at = w->start + w->len;
    w->len += len;
    return at;
}

static inline void put_bytes(struct writer *w, struct bytes b)
{
    uint8_t *at = put_room(w, b.len);

    if (at && b.len > 0) {
        memcpy(at, b.ptr, b.len);
    }
}

static inline void put_text(struct writer *w, const char *text)
{
    put_bytes(w, bytes_of_text(text));
}

static inline void put_zeros(struct writer *w, size_t len)
{
    uint8_t *at = put_room(w, len);

    if (at && len > 0) {
        memset(at, 0, len);
    }
}

static inline void put_u8(struct writer *w, uint8_t value)
{
    uint8_t *at = put_room(w, 1);

    if (at) {
        at[0] = value;
    }
}

static inline void store_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void store_u32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

static inline void put_u16(struct writer *w, uint16_t value)
{
    uint8_t *at = put_room(w, 2);

    if (at) {
        store_u16(at, value);
    }
}

static inline void put_u24(struct writer *w, uint32_t value)
{
    uint8_t *at = put_room(w, 3);

    if (at) {
        at[0] = (uint8_t)(value >> 16);
        store_u16(at + 1, (uint16_t)value);
    }
}

static inline void put_u32(struct writer *w, uint32_t value)
{
    uint8_t *at = put_room(w, 4);

    if (at) {
        store_u32(at, value);
    }
}

static inline void put_u64(struct writer *w, uint64_t value)
{
    put_u32(w, (uint32_t)(value >> 32));
    put_u32(w, (uint32_t)value);
}

// Text by printf's rules, without the final NUL.
void put_format(struct writer *w, const char *format, ...) YODEL_PRINTF(2, 3);

#endif
