// Streams, indices and windows; the ciphers are in cipher.c.

#include "srtp/srtp.h"

#include "base/assert.h"
#include "base/unwrap.h"
#include "crypto/secret.h"

#define RTP_HEADER_SIZE 12
#define RTP_VERSION 2
#define RTP_INDEX_END ((uint64_t)1 << 48)
#define RTCP_HEADER_SIZE 8 // With the SSRC, which stays readable.
#define RTCP_INDEX_END ((uint32_t)1 << 31)
#define RTCP_ENCRYPTED RTCP_INDEX_END

static uint16_t load_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t load_u32(const uint8_t *at)
{
    return (uint32_t)load_u16(at) << 16 | load_u16(at + 2);
}

struct srtp_stream {
    struct map_entry by_ssrc;
    uint32_t ssrc;
    struct srtp_window rtp, rtcp;
};

static struct srtp_stream *stream_of(struct map_entry *entry)
{
    return entry ? CONTAINER_OF(entry, struct srtp_stream, by_ssrc) : NULL;
}

static void init_cipher(
    struct srtp_cipher *cipher, enum srtp_suite suite, struct bytes master, bool is_rtcp)
{
    struct srtp_session_keys keys;

    srtp_suite_derive(suite, master, is_rtcp, &keys);
    srtp_cipher_init(cipher, suite, &keys, is_rtcp);
    secret_wipe_span(span_of(&keys, sizeof keys));
}

void srtp_init(struct srtp *srtp, const struct env *env, enum srtp_suite suite, struct bytes master,
    size_t stream_count_max)
{
    *srtp = (struct srtp){.env = env, .stream_count_max = stream_count_max};
    map_init(&srtp->streams, env);
    init_cipher(&srtp->rtp, suite, master, false);
    init_cipher(&srtp->rtcp, suite, master, true);
}

void srtp_deinit(struct srtp *srtp)
{
    struct srtp_stream *stream;

    while ((stream = stream_of(map_next(&srtp->streams, NULL)))) {
        map_remove(&srtp->streams, &stream->by_ssrc);
        alloc_free(srtp->env->alloc, stream);
    }
    map_deinit(&srtp->streams);
    srtp_cipher_deinit(&srtp->rtp);
    srtp_cipher_deinit(&srtp->rtcp);
    *srtp = (struct srtp){0};
}

// ---- streams

static struct srtp_stream *find_stream(struct srtp *srtp, uint32_t ssrc)
{
    if (srtp->latest && srtp->latest->ssrc == ssrc) {
        return srtp->latest;
    }
    struct srtp_stream *found = stream_of(map_find(&srtp->streams, bytes_of(&ssrc, sizeof ssrc)));
    srtp->latest = found ? found : srtp->latest;
    return found;
}

static enum yodel_err add_stream(struct srtp *srtp, uint32_t ssrc, struct srtp_stream **out)
{
    if (srtp->streams.count >= srtp->stream_count_max) {
        return YODEL_ERR_NOT_SUPPORTED;
    }
    struct srtp_stream *stream = alloc_new(srtp->env->alloc, sizeof *stream);
    if (!stream) {
        return YODEL_ERR_NO_MEMORY;
    }
    *stream = (struct srtp_stream){.ssrc = ssrc};
    enum yodel_err err =
        map_insert(&srtp->streams, &stream->by_ssrc, bytes_of(&stream->ssrc, sizeof stream->ssrc));
    if (err != YODEL_OK) {
        alloc_free(srtp->env->alloc, stream);
        return err;
    }
    *out = srtp->latest = stream;
    return YODEL_OK;
}

static enum yodel_err get_stream(struct srtp *srtp, uint32_t ssrc, struct srtp_stream **out)
{
    *out = find_stream(srtp, ssrc);
    return *out ? YODEL_OK : add_stream(srtp, ssrc, out);
}

static bool drop(struct srtp *srtp, enum srtp_drop reason)
{
    srtp->stats.drops[reason]++;
    return false;
}

static bool has_room(struct span out, size_t len)
{
    return len <= SRTP_PACKET_MAX && len <= out.len;
}

// ---- RTP

// The length of an RTP header: RFC 3550 §5.1, §5.3.1. 0: there is none.
static size_t header_len_of(struct bytes packet)
{
    struct reader r = reader_of(packet);

    uint8_t first = read_u8(&r);
    (void)read_bytes(&r, RTP_HEADER_SIZE - 1 + 4 * (size_t)(first & 0x0f));
    if (first & 0x10) {
        (void)read_u16(&r);
        (void)read_bytes(&r, 4 * (size_t)read_u16(&r));
    }
    return r.failed || first >> 6 != RTP_VERSION ? 0 : packet.len - r.left;
}

static uint16_t seq_of(const uint8_t *header)
{
    return load_u16(header + 2);
}

static uint32_t ssrc_of(const uint8_t *header)
{
    return load_u32(header + 8);
}

static struct srtp_parts rtp_parts(
    uint8_t *packet, uint64_t index, size_t header_len, size_t text_len)
{
    struct srtp_parts parts = {.ssrc = ssrc_of(packet),
        .index = index,
        .packet = packet,
        .header_len = header_len,
        .text_len = text_len};

    store_u32(parts.word, (uint32_t)(index >> 16)); // The roll-over counter.
    return parts;
}

enum yodel_err srtp_protect(struct srtp *srtp, uint64_t index, struct bytes header,
    struct bytes payload, struct span out, size_t *len)
{
    size_t text_end = header.len + payload.len;
    struct srtp_stream *stream;

    YODEL_ASSERT(header_len_of(header) == header.len && seq_of(header.ptr) == (uint16_t)index);
    if (index >= RTP_INDEX_END) {
        return YODEL_ERR_RANGE;
    }
    if (!has_room(out, text_end + srtp->rtp.tag_size)) {
        return YODEL_ERR_TOO_LARGE;
    }
    enum yodel_err err = get_stream(srtp, ssrc_of(header.ptr), &stream);
    if (err != YODEL_OK) {
        return err;
    }
    if (!stream->rtp.is_used && index > UINT16_MAX) {
        return YODEL_ERR_RANGE;
    }
    if (srtp_window_look(&stream->rtp, index) != SRTP_NEW) {
        return YODEL_ERR_EXISTS;
    }
    srtp_window_mark(&stream->rtp, index);
    if (out.ptr != header.ptr) {
        memcpy(out.ptr, header.ptr, header.len);
    }
    struct srtp_parts parts = rtp_parts(out.ptr, index, header.len, payload.len);
    srtp_cipher_seal(&srtp->rtp, &parts, payload.ptr, out.ptr + text_end);
    srtp->stats.packets++;
    *len = text_end + srtp->rtp.tag_size;
    return YODEL_OK;
}

// Appendix A: the index nearest to the latest. False: it would be from before the first.
static bool guess_index(const struct srtp_stream *stream, uint16_t seq, uint64_t *index)
{
    bool is_first = !stream || !stream->rtp.is_used;

    *index = is_first ? seq : unwrap_u16(stream->rtp.top, seq);
    return *index < RTP_INDEX_END;
}

bool srtp_unprotect(struct srtp *srtp, struct span packet, struct srtp_opened *opened)
{
    size_t header_len = header_len_of(bytes_of_span(packet)), tag_size = srtp->rtp.tag_size;
    uint64_t index;

    if (header_len == 0 || packet.len < header_len + tag_size || packet.len > SRTP_PACKET_MAX) {
        return drop(srtp, SRTP_DROP_MALFORMED);
    }
    struct srtp_stream *stream = find_stream(srtp, ssrc_of(packet.ptr));
    if (!guess_index(stream, seq_of(packet.ptr), &index)) {
        return drop(srtp, SRTP_DROP_OLD);
    }
    enum srtp_age age = stream ? srtp_window_look(&stream->rtp, index) : SRTP_NEW;
    if (age != SRTP_NEW) {
        return drop(srtp, age == SRTP_OLD ? SRTP_DROP_OLD : SRTP_DROP_REPLAYED);
    }
    size_t text_len = packet.len - header_len - tag_size;
    struct srtp_parts parts = rtp_parts(packet.ptr, index, header_len, text_len);
    if (!srtp_cipher_open(&srtp->rtp, &parts, packet.ptr + header_len + text_len)) {
        return drop(srtp, SRTP_DROP_FORGED);
    }
    if (!stream && add_stream(srtp, parts.ssrc, &stream) != YODEL_OK) {
        return drop(srtp, SRTP_DROP_STREAMS);
    }
    srtp_window_mark(&stream->rtp, index);
    srtp->stats.packets++;
    opened->index = index;
    opened->header = bytes_of(packet.ptr, header_len);
    opened->payload = span_of(packet.ptr + header_len, text_len);
    return true;
}

// ---- RTCP

static struct srtp_parts rtcp_parts(uint8_t *packet, uint32_t index, size_t text_len)
{
    struct srtp_parts parts = {.ssrc = load_u32(packet + 4),
        .index = index,
        .packet = packet,
        .header_len = RTCP_HEADER_SIZE,
        .text_len = text_len};

    store_u32(parts.word, RTCP_ENCRYPTED | index);
    return parts;
}

// RFC 7714 §9.2 puts the word behind the tag, RFC 3711 §3.4 before it.
static uint8_t *tag_of(const struct srtp_cipher *cipher, const struct srtp_parts *parts)
{
    uint8_t *end = parts->packet + parts->header_len + parts->text_len;

    return cipher->is_aead ? end : end + SRTP_WORD_SIZE;
}

static uint8_t *word_of(const struct srtp_cipher *cipher, const struct srtp_parts *parts)
{
    uint8_t *end = parts->packet + parts->header_len + parts->text_len;

    return cipher->is_aead ? end + cipher->tag_size : end;
}

enum yodel_err srtp_protect_rtcp(
    struct srtp *srtp, struct bytes packet, struct span out, size_t *len)
{
    size_t trailer_len = srtp->rtcp.tag_size + SRTP_WORD_SIZE;

    YODEL_ASSERT(packet.len >= RTCP_HEADER_SIZE);
    if (srtp->rtcp_index >= RTCP_INDEX_END) {
        return YODEL_ERR_RANGE;
    }
    if (!has_room(out, packet.len + trailer_len)) {
        return YODEL_ERR_TOO_LARGE;
    }
    if (out.ptr != packet.ptr) {
        memcpy(out.ptr, packet.ptr, RTCP_HEADER_SIZE);
    }
    struct srtp_parts parts =
        rtcp_parts(out.ptr, srtp->rtcp_index++, packet.len - RTCP_HEADER_SIZE);
    srtp_cipher_seal(
        &srtp->rtcp, &parts, packet.ptr + RTCP_HEADER_SIZE, tag_of(&srtp->rtcp, &parts));
    memcpy(word_of(&srtp->rtcp, &parts), parts.word, SRTP_WORD_SIZE);
    srtp->stats.rtcp_packets++;
    *len = packet.len + trailer_len;
    return YODEL_OK;
}

bool srtp_unprotect_rtcp(struct srtp *srtp, struct span packet, size_t *len)
{
    size_t trailer_len = srtp->rtcp.tag_size + SRTP_WORD_SIZE;

    if (packet.len < RTCP_HEADER_SIZE + trailer_len || packet.len > SRTP_PACKET_MAX ||
        packet.ptr[0] >> 6 != RTP_VERSION) {
        return drop(srtp, SRTP_DROP_MALFORMED);
    }
    size_t text_len = packet.len - trailer_len - RTCP_HEADER_SIZE;
    struct srtp_parts parts = rtcp_parts(packet.ptr, 0, text_len);
    uint32_t word = load_u32(word_of(&srtp->rtcp, &parts));
    if (!(word & RTCP_ENCRYPTED)) {
        return drop(srtp, SRTP_DROP_UNENCRYPTED);
    }
    parts = rtcp_parts(packet.ptr, word & ~RTCP_ENCRYPTED, text_len);
    struct srtp_stream *stream = find_stream(srtp, parts.ssrc);
    enum srtp_age age = stream ? srtp_window_look(&stream->rtcp, parts.index) : SRTP_NEW;
    if (age != SRTP_NEW) {
        return drop(srtp, age == SRTP_OLD ? SRTP_DROP_OLD : SRTP_DROP_REPLAYED);
    }
    if (!srtp_cipher_open(&srtp->rtcp, &parts, tag_of(&srtp->rtcp, &parts))) {
        return drop(srtp, SRTP_DROP_FORGED);
    }
    if (!stream && add_stream(srtp, parts.ssrc, &stream) != YODEL_OK) {
        return drop(srtp, SRTP_DROP_STREAMS);
    }
    srtp_window_mark(&stream->rtcp, parts.index);
    srtp->stats.rtcp_packets++;
    *len = packet.len - trailer_len;
    return true;
}
