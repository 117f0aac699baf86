// Fuzzer: a stream gives the same messages whole and in pieces, and never one from outside it.

#include "base/assert.h"
#include "runtime/frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    uint32_t count;
    size_t total;
    uint32_t sum; // Of all their bytes, in order.
    enum frames_result last;
};

static struct outcome run(
    enum yodel_framing framing, const uint8_t *data, size_t size, size_t step, uint8_t *copy)
{
    struct frames f;
    struct span message;
    struct outcome o = {.last = FRAMES_MORE};

    frames_init(&f, framing, alloc_system());
    for (size_t at = 0; at < size && o.last == FRAMES_MORE; at += step) {
        size_t len = size - at < step ? size - at : step;
        memcpy(copy, data + at, len);
        frames_put(&f, span_of(copy, len));
        while ((o.last = frames_next(&f, &message)) == FRAMES_WHOLE) {
            o.count++;
            o.total += message.len;
            for (size_t i = 0; i < message.len; i++) {
                o.sum = o.sum * 31 + message.ptr[i];
            }
        }
    }
    frames_deinit(&f);
    YODEL_ASSERT(o.total <= size);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    enum yodel_framing framing = data[0] & 1 ? YODEL_FRAMING_ICE : YODEL_FRAMING_TURN;
    size_t step = 1 + data[1];
    uint8_t *copy = alloc_new(alloc_system(), size);
    YODEL_ASSERT(copy);
    struct outcome whole = run(framing, data + 2, size - 2, size, copy);
    struct outcome cut = run(framing, data + 2, size - 2, step, copy);
    YODEL_ASSERT(whole.count == cut.count && whole.sum == cut.sum && whole.last == cut.last);
    alloc_free(alloc_system(), copy);
    return 0;
}
