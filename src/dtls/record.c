// DTLS records: the header, and the rules for what may pass.

#include "dtls/record.h"

#define DTLS_VERSION_1_0 0xfeffu // What a first ClientHello's record may carry.
#define DTLS_VERSION_1_2 0xfefdu

// Finished is 12 bytes behind its header.
#define FINISHED_SIZE (DTLS_HANDSHAKE_HEADER_SIZE + 12)
#define FINISHED_SIZE_GCM (FINISHED_SIZE + DTLS_RECORD_OVERHEAD_GCM)
#define FINISHED_SIZE_CHACHA (FINISHED_SIZE + DTLS_RECORD_OVERHEAD_CHACHA)

//   0               1               2               3         RFC 6347 §4.1
//  +---------------+-------------------------------+-------
//  |  type         |  version                      | epoch
//  +-------+-------+-------------------------------+-------
//   epoch  |  sequence number, 48 bits
//  +-------+---------------------------------------+-------
//   sequence number                | length        |
//  +-------------------------------+---------------+-------
//   length |  body
//  +-------+-----------------------------------------------

enum yodel_err dtls_record_parse(struct dtls_record *record, struct span datagram)
{
    struct reader r = reader_of(bytes_of_span(datagram));
    struct dtls_record parsed = {.type = read_u8(&r)};
    uint16_t version = read_u16(&r);

    parsed.epoch = read_u16(&r);
    parsed.seq = (uint64_t)read_u24(&r) << 24;
    parsed.seq |= read_u24(&r);
    uint16_t len = read_u16(&r);
    read_bytes(&r, len);
    if (r.failed || parsed.type < DTLS_RECORD_CHANGE_CIPHER_SPEC ||
        parsed.type > DTLS_RECORD_DATA ||
        (version != DTLS_VERSION_1_2 && version != DTLS_VERSION_1_0)) {
        return YODEL_ERR_MALFORMED;
    }
    parsed.whole = span_sub(datagram, 0, DTLS_RECORD_HEADER_SIZE + (size_t)len);
    parsed.body = span_sub(datagram, DTLS_RECORD_HEADER_SIZE, len);
    *record = parsed;
    return YODEL_OK;
}

//  type (1) | message length (3) | message number (2) | fragment offset (3) | fragment length (3)
//  RFC 6347 §4.2.2
//
// libssl takes a contradiction here for the peer's fault and ends the handshake, but anybody may
// have sent it.
static bool are_fragments_sound(struct bytes body)
{
    struct reader r = reader_of(body);

    do {
        uint8_t type = read_u8(&r);
        uint32_t message_len = read_u24(&r);
        read_u16(&r);
        uint32_t offset = read_u24(&r);
        uint32_t len = read_u24(&r);

        read_bytes(&r, len);
        // Type 0, HelloRequest, asks for what we never do: a handshake within a handshake.
        if (r.failed || type == 0 || message_len > DTLS_MESSAGE_MAX || offset + len > message_len ||
            (len == 0 && message_len > 0)) {
            return false;
        }
    } while (r.left > 0);
    return true;
}

static enum dtls_drop judge_plaintext(const struct dtls_record *record)
{
    struct bytes body = bytes_of_span(record->body);

    if (record->type == DTLS_RECORD_ALERT) {
        return DTLS_DROP_ALERT;
    }
    if (record->type == DTLS_RECORD_HANDSHAKE) {
        return are_fragments_sound(body) ? DTLS_DROP_NONE : DTLS_DROP_FRAGMENT;
    }
    if (record->type == DTLS_RECORD_CHANGE_CIPHER_SPEC) {
        return bytes_equal(body, bytes_of("\1", 1)) ? DTLS_DROP_NONE : DTLS_DROP_MALFORMED;
    }
    return DTLS_DROP_TYPE;
}

static enum dtls_drop judge_sealed(const struct dtls_record *record, size_t overhead)
{
    size_t len = record->body.len;

    if (record->type == DTLS_RECORD_CHANGE_CIPHER_SPEC) {
        return DTLS_DROP_TYPE;
    }
    // In epoch 1 there is one handshake message: Finished. Every other would start a renegotiation.
    if (record->type == DTLS_RECORD_HANDSHAKE) {
        return len == FINISHED_SIZE_GCM || len == FINISHED_SIZE_CHACHA ? DTLS_DROP_NONE
                                                                       : DTLS_DROP_TYPE;
    }
    // A body without room for nonce and tag is to libssl an error of ours, and ends the connection.
    return len > overhead ? DTLS_DROP_NONE : DTLS_DROP_MALFORMED;
}

enum dtls_drop dtls_record_judge(
    const struct dtls_record *record, bool is_connected, size_t overhead)
{
    if (record->epoch == 1) {
        return judge_sealed(record, overhead);
    }
    // Once connected, plaintext is a late copy or somebody else's.
    if (record->epoch == 0 && !is_connected) {
        return judge_plaintext(record);
    }
    return DTLS_DROP_EPOCH;
}
