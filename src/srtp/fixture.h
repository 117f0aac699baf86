// For the tests of srtp: two ends that share a key, and packets between them.
//
// Not here    anything that ships

#ifndef SRTP_FIXTURE_H
#define SRTP_FIXTURE_H

#include "check.h"
#include "srtp/srtp.h"

#define EACH_SUITE(suite)                                                                          \
    for (enum srtp_suite fixture_i = 0, suite = 0; pick_suite((int)fixture_i, &suite); fixture_i++)

static inline bool pick_suite(int i, enum srtp_suite *suite)
{
    static const enum srtp_suite all[] = {
        SRTP_AES128_CM_SHA1_80, SRTP_AEAD_AES_128_GCM, SRTP_AEAD_AES_256_GCM};

    if (i >= (int)COUNT(all)) {
        return false;
    }
    *suite = all[i];
    return true;
}

struct pair {
    struct env env;
    struct srtp from, to;
};

struct packet {
    size_t len;
    uint8_t data[128];
};

static inline void fixture_random(void *ctx, struct span out)
{
    (void)ctx;
    memset(out.ptr, 3, out.len);
}

static inline struct bytes fixture_master(enum srtp_suite suite, uint8_t room[SRTP_MASTER_MAX])
{
    for (size_t i = 0; i < SRTP_MASTER_MAX; i++) {
        room[i] = (uint8_t)(i * 7 + 1);
    }
    return bytes_of(room, srtp_suite_key_size(suite) + srtp_suite_salt_size(suite));
}

static inline void pair_init(struct pair *pair, enum srtp_suite suite)
{
    uint8_t room[SRTP_MASTER_MAX];
    struct bytes master = fixture_master(suite, room);

    pair->env = (struct env){.alloc = alloc_system(), .random = fixture_random};
    srtp_init(&pair->from, &pair->env, suite, master, SRTP_STREAMS_DEFAULT);
    srtp_init(&pair->to, &pair->env, suite, master, SRTP_STREAMS_DEFAULT);
}

static inline void pair_deinit(struct pair *pair)
{
    srtp_deinit(&pair->from);
    srtp_deinit(&pair->to);
}

static inline enum yodel_err protect(
    struct pair *pair, uint32_t ssrc, uint64_t index, const char *payload, struct packet *packet)
{
    uint8_t header[12] = {0x80, 96};

    store_u16(header + 2, (uint16_t)index);
    store_u32(header + 8, ssrc);
    return srtp_protect(&pair->from, index, bytes_of(header, sizeof header), bytes_of_text(payload),
        span_of(packet->data, sizeof packet->data), &packet->len);
}

static inline struct packet rtp(
    struct pair *pair, uint32_t ssrc, uint64_t index, const char *payload)
{
    struct packet packet;

    CHECK_EQ(protect(pair, ssrc, index, payload, &packet), YODEL_OK);
    return packet;
}

static inline enum yodel_err try_rtp(struct pair *pair, uint32_t ssrc, uint64_t index)
{
    struct packet packet;

    return protect(pair, ssrc, index, "x", &packet);
}

// A report of 28 bytes, whose last is 27.
static inline struct packet rtcp(struct pair *pair, uint32_t ssrc)
{
    struct packet packet = {.data = {0x80, 200, 0, 6}};

    for (uint8_t i = 8; i < 28; i++) {
        packet.data[i] = i;
    }
    store_u32(packet.data + 4, ssrc);
    enum yodel_err err = srtp_protect_rtcp(&pair->from, bytes_of(packet.data, 28),
        span_of(packet.data, sizeof packet.data), &packet.len);
    CHECK_EQ(err, YODEL_OK);
    return packet;
}

#endif
