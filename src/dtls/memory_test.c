// DTLS and memory: none is asked for per packet, and what cannot be had is said.

#include <openssl/crypto.h>
#include <stdlib.h>

#include "check.h"
#include "dtls_pair.h"
#include "virtual_clock.h"

static uint64_t allocations; // libcrypto's and libssl's.

static void *count_malloc(size_t len, const char *file, int line)
{
    (void)file, (void)line;
    allocations++;
    return malloc(len);
}

static void *count_realloc(void *ptr, size_t len, const char *file, int line)
{
    (void)file, (void)line;
    allocations++;
    return realloc(ptr, len);
}

static void count_free(void *ptr, const char *file, int line)
{
    (void)file, (void)line;
    free(ptr);
}

// First of all: libcrypto takes other functions only before it has used its own.
static void no_packet_allocates(void)
{
    CHECK_EQ(CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free), 1);
    struct pair pair;

    pair_connect(&pair, 1);
    CHECK(allocations > 0);
    CHECK(pair_send(&pair, PAIR_CLIENT, bytes_of_text("warm")));
    CHECK(pair_send(&pair, PAIR_SERVER, bytes_of_text("warm")));
    allocations = 0;
    for (int i = 0; i < 1000; i++) {
        CHECK(pair_send(&pair, i % 2, bytes_of_text("a message like any other")));
    }
    CHECK_EQ(allocations, 0);
    pair_close(&pair);
}

static void *resize_never(struct alloc *self, void *ptr, size_t len)
{
    (void)self, (void)len;
    CHECK(!ptr); // Nothing was ever had, so nothing is freed.
    return NULL;
}

static struct alloc none = {resize_never};

static void no_memory_for_a_certificate_or_an_identity_is_said(void)
{
    struct crypto_cert *cert = NULL, *unset = NULL;
    struct dtls_identity *identity = NULL;

    CHECK_EQ(crypto_cert_new(&none, VIRTUAL_CLOCK_WALL, &unset), YODEL_ERR_NO_MEMORY);
    CHECK(!unset);
    CHECK_EQ(crypto_cert_new(alloc_system(), VIRTUAL_CLOCK_WALL, &cert), YODEL_OK);
    CHECK_EQ(dtls_identity_new(&none, cert, &identity), YODEL_ERR_NO_MEMORY);
    CHECK(!identity);
    crypto_cert_free(cert);
}

static void no_memory_for_early_data_loses_the_data_alone(void)
{
    uint8_t room[PAIR_DATAGRAM_MAX];
    struct pair pair;

    pair_open(&pair, 2);
    pair_start(&pair);
    pair.filter = pair_lose;
    pair.lost = 1u << 3;
    pair_exchange(&pair);
    pair.env.alloc = &none;
    size_t len = pair_seal(&pair, PAIR_SERVER, bytes_of_text("early"), span_of(room, sizeof room));
    pair_deliver(&pair, PAIR_CLIENT, span_of(room, len));
    CHECK_EQ(pair.side[PAIR_CLIENT].dtls.stats.drop[DTLS_DROP_LIMIT], 1);
    pair_run(&pair, YODEL_SECONDS(10));
    CHECK_EQ(pair.side[PAIR_CLIENT].received_count, 0);
    CHECK(pair_send(&pair, PAIR_SERVER, bytes_of_text("late")));
    pair_close(&pair);
}

TEST_MAIN(TEST(no_packet_allocates), TEST(no_memory_for_a_certificate_or_an_identity_is_said),
    TEST(no_memory_for_early_data_loses_the_data_alone))
