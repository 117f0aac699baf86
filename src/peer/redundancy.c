// Redundancy: see the header.

#include "peer/redundancy.h"

#define OLDER_HEAD 4 // RFC 2198 §3: of an older block,
#define NEWEST_HEAD 1

void redundancy_put(const struct redundancy *redundancy, struct writer *w, size_t room,
    size_t distance, uint8_t payload_type, uint32_t timestamp, struct bytes payload)
{
    struct rtp_red red = {0};
    size_t used = NEWEST_HEAD + payload.len, count = 0;

    // A receiver counts back from the newest: what comes after a gap would be taken for another.
    while (count < distance && count < redundancy->count) {
        const struct redundancy_copy *copy = &redundancy->copies[count];
        size_t more = OLDER_HEAD + copy->len;

        if (copy->len == 0 || timestamp - copy->timestamp > RTP_RED_OFFSET_MAX ||
            used + more > room) {
            break;
        }
        used += more;
        count++;
    }
    for (size_t i = count; i > 0; i--) {
        const struct redundancy_copy *copy = &redundancy->copies[i - 1];
        red.blocks[red.count++] = (struct rtp_red_block){
            payload_type, timestamp - copy->timestamp, bytes_of(copy->data, copy->len)};
    }
    red.blocks[red.count++] = (struct rtp_red_block){payload_type, 0, payload};
    rtp_red_put(w, &red);
}

void redundancy_keep(struct redundancy *redundancy, uint32_t timestamp, struct bytes payload)
{
    struct redundancy_copy *first = &redundancy->copies[0];

    memmove(first + 1, first, (REDUNDANCY_MAX - 1) * sizeof *first);
    first->timestamp = timestamp;
    first->len = payload.len <= REDUNDANCY_COPY_MAX ? payload.len : 0;
    memcpy(first->data, payload.ptr, first->len);
    redundancy->count += redundancy->count < REDUNDANCY_MAX;
}
