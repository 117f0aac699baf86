// Fuzzes the frame and every chunk parser: whatever the bytes, nothing is read past them.

#include "sctp/chunk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_all(const struct sctp_chunk *chunk)
{
    uint8_t room[256];
    struct writer w = writer_of(span_of(room, sizeof room));
    struct sctp_init init;
    struct sctp_sack sack;
    struct sctp_data user;

    if (sctp_chunk_parse_init(&init, chunk) == YODEL_OK) {
        sctp_chunk_put_unknown(&w, &init);
    }
    if (sctp_chunk_parse_sack(&sack, chunk) == YODEL_OK && sack.gap_count > 0) {
        (void)sctp_chunk_load_u16(sack.gaps + 4 * sack.gap_count - 2);
    }
    if (sctp_chunk_parse_data(&user, chunk) == YODEL_OK && user.user.len > 0) {
        put_bytes(&w, user.user);
    }
    (void)sctp_chunk_first_cause(chunk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t copy[4096];
    struct sctp_header header;
    struct sctp_chunk chunk;
    struct reader r;

    if (size < SCTP_HEADER_SIZE || size > sizeof copy) {
        return 0;
    }
    memcpy(copy, data, size);
    store_u32(copy + 8, 0);
    sctp_packet_seal(span_of(copy, size));
    if (sctp_packet_open(bytes_of(copy, size), &header, &r) != YODEL_OK) {
        __builtin_trap();
    }
    while (sctp_packet_next_chunk(&r, &chunk)) {
        parse_all(&chunk);
    }
    return 0;
}
