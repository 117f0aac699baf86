// Early media: keeping and giving.

#include "peer/early.h"

#include <string.h>

#include "rtp/packet.h"

static uint8_t *copy(struct alloc *alloc, struct bytes datagram)
{
    uint8_t *made = alloc_new(alloc, datagram.len);

    if (made) {
        memcpy(made, datagram.ptr, datagram.len);
    }
    return made;
}

void early_keep(struct early *early, struct alloc *alloc, struct bytes datagram)
{
    bool is_kept = early->count < EARLY_PACKETS_MAX && datagram.len <= EARLY_PACKET_SIZE &&
                   rtp_packet_kind(datagram) != RTP_KIND_FOREIGN;
    uint8_t *made = is_kept ? copy(alloc, datagram) : NULL;

    if (!made) {
        early->dropped++;
        return;
    }
    early->packets[early->count++] = span_of(made, datagram.len);
}

void early_give(struct early *early, struct alloc *alloc, struct session *session, yodel_time now)
{
    for (size_t i = 0; i < early->count; i++) {
        session_recv(session, early->packets[i], now);
    }
    early_clear(early, alloc);
}

void early_clear(struct early *early, struct alloc *alloc)
{
    for (size_t i = 0; i < early->count; i++) {
        alloc_free(alloc, early->packets[i].ptr);
    }
    early->count = 0;
}
