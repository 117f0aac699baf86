// SDP: whatever is accepted is written as text that reads back as the same text, with any
// allocator.

#include "base/assert.h"
#include "sdp/sdp.h"

// What one line says of all payload types is written for each of them.
#define WRITTEN_MAX (64 * SDP_TEXT_MAX)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

// Fails at one call, which the input's first byte names.
struct failing {
    struct alloc alloc;
    size_t left;
};

static void *resize_failing(struct alloc *self, void *ptr, size_t len)
{
    struct failing *failing = CONTAINER_OF(self, struct failing, alloc);

    if (len > 0 && failing->left-- == 0) {
        return NULL;
    }
    return alloc_system()->resize(alloc_system(), ptr, len);
}

static struct bytes write_text(const struct sdp *sdp, struct span room)
{
    struct writer w = writer_of(room);

    sdp_write(sdp, &w);
    return writer_bytes(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t first[WRITTEN_MAX], second[WRITTEN_MAX];
    struct failing failing = {{resize_failing}, len > 0 && data[0] < 32 ? data[0] : SIZE_MAX};
    struct bytes text = bytes_sub(bytes_of(data, len), len > 0 && data[0] < 32 ? 1 : 0, len);
    struct arena arena, again;
    struct sdp sdp;
    struct sdp_error error = {0};

    arena_init(&arena, &failing.alloc, SDP_TREE_MAX);
    arena_init(&again, alloc_system(), SDP_TREE_MAX);
    enum yodel_err err = sdp_parse(&sdp, &arena, text, &error);
    if (err != YODEL_OK) {
        YODEL_ASSERT(error.text[0] != '\0' && (error.line > 0 || err == YODEL_ERR_NO_MEMORY));
    } else {
        struct bytes once = write_text(&sdp, span_of(first, sizeof first));

        YODEL_ASSERT(once.len > 0);
        // What is written spells everything out, and so may be longer than what was read.
        if (once.len <= SDP_TEXT_MAX) {
            YODEL_ASSERT(sdp_parse(&sdp, &again, once, &error) == YODEL_OK);
            struct bytes twice = write_text(&sdp, span_of(second, sizeof second));
            YODEL_ASSERT(bytes_equal(once, twice));
        }
    }
    arena_deinit(&again);
    arena_deinit(&arena);
    return 0;
}
