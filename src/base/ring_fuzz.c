// Ring, against an array that keeps all that was ever put in.

#include "base/ring.h"

#include "capped_alloc.h"
#include "fuzz.h"

#define STEPS 512
#define STEP_MAX 64

struct model {
    uint8_t bytes[STEPS * STEP_MAX * 3];
    size_t first;
    size_t end;
};

static void check_same(const struct ring *ring, const struct model *model, size_t size)
{
    static uint8_t copy[sizeof model->bytes];
    size_t index = 0;

    FUZZ_CHECK(ring->count * size == model->end - model->first);
    ring_copy(ring, 0, copy, ring->count);
    FUZZ_CHECK(memcmp(copy, model->bytes + model->first, ring->count * size) == 0);
    while (index < ring->count) {
        struct bytes view = ring_view(ring, index);
        FUZZ_CHECK(view.len > 0 && view.len % size == 0 && ring_at(ring, index) == view.ptr);
        FUZZ_CHECK(memcmp(view.ptr, model->bytes + model->first + index * size, view.len) == 0);
        index += view.len / size;
    }
    FUZZ_CHECK(index == ring->count);
}

FUZZ(input)
{
    static struct model model;
    struct reader r = reader_of(input);
    size_t size = read_u8(&r) % 3 + 1;
    size_t limit = read_u16(&r) % 700;
    struct capped_alloc memory = capped_alloc(read_u8(&r) % 8);
    struct ring ring;

    model.first = 0;
    model.end = 0;
    ring_init(&ring, &memory.alloc, size, limit);
    for (int step = 0; step < STEPS && !r.failed && r.left > 0; step++) {
        uint8_t what = read_u8(&r);
        size_t count = what / 4 % STEP_MAX;
        if (what % 2 == 0) {
            count = count < ring.count ? count : ring.count;
            ring_drop(&ring, count);
            model.first += count * size;
        } else {
            struct bytes data = read_bytes(&r, count * size);
            count = data.len / size;
            enum yodel_err err = ring_put(&ring, data.ptr, count);
            FUZZ_CHECK((err == YODEL_ERR_TOO_LARGE) == (ring.count + count > limit && err));
            FUZZ_CHECK(err != YODEL_ERR_NO_MEMORY || memory.allowed == 0);
            if (err == YODEL_OK && data.len > 0) {
                memcpy(model.bytes + model.end, data.ptr, data.len);
                model.end += data.len;
            }
        }
        check_same(&ring, &model, size);
    }
    ring_deinit(&ring);
    FUZZ_CHECK(memory.held == 0);
}
