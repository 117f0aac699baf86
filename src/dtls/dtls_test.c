// DTLS: two engines in memory, from the first ClientHello to close_notify.

#include "crypto/hash.h"
#include "dtls/dtls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>

#include "check.h"
#include "dtls/identity_native.h"
#include "dtls_pair.h"
#include "virtual_clock.h"

static void two_engines_connect_and_talk_both_ways(void)
{
    struct pair pair;

    pair_connect(&pair, 1);
    CHECK_EQ(pair.sent, 4); // Two datagrams each way, and nothing left over.
    CHECK(pair_send(&pair, PAIR_CLIENT, bytes_of_text("from the client")));
    CHECK(pair_send(&pair, PAIR_SERVER, bytes_of_text("from the server")));
    CHECK_EQ(dtls_next_timeout(&pair.side[PAIR_CLIENT].dtls), YODEL_NEVER);
    CHECK_EQ(dtls_next_timeout(&pair.side[PAIR_SERVER].dtls), YODEL_NEVER);
    pair_close(&pair);
}

static void one_seed_gives_the_same_bytes(void)
{
    uint8_t first[DTLS_MTU], second[DTLS_MTU];
    struct pair pair;

    pair_open(&pair, 7);
    pair_start(&pair);
    size_t first_len =
        dtls_emit(&pair.side[PAIR_CLIENT].dtls, span_of(first, sizeof first), pair.now);
    pair_close(&pair);
    pair_open(&pair, 7);
    pair_start(&pair);
    size_t second_len =
        dtls_emit(&pair.side[PAIR_CLIENT].dtls, span_of(second, sizeof second), pair.now);
    pair_close(&pair);
    CHECK_BYTES(bytes_of(first, first_len), bytes_of(second, second_len));
}

static void another_certificate_than_promised_fails_on_either_side(void)
{
    for (int liar = 0; liar < 2; liar++) {
        struct pair pair;

        pair_open(&pair, 2);
        pair.side[liar].fingerprint.value[31] ^= 1; // What signaling says of it is wrong.
        pair_start(&pair);
        pair_run(&pair, YODEL_SECONDS(60));
        CHECK_EQ(pair.side[!liar].failure, DTLS_FAILURE_FINGERPRINT);
        CHECK(!pair.side[!liar].is_connected);
        CHECK(!pair.side[liar].is_connected);
        pair_close(&pair);
    }
}

static void several_records_in_one_datagram_are_several_events(void)
{
    uint8_t room[PAIR_DATAGRAM_MAX];
    struct pair pair;
    size_t len = 0;

    pair_connect(&pair, 3);
    for (int i = 0; i < DTLS_RECORDS_MAX + 1; i++) {
        uint8_t message = (uint8_t)i;
        len += pair_seal(
            &pair, PAIR_CLIENT, bytes_of(&message, 1), span_of(room + len, sizeof room - len));
    }
    struct dtls *server = &pair.side[PAIR_SERVER].dtls;
    dtls_recv(server, span_of(room, len), 0);
    struct dtls_event event;
    for (int i = 0; i < DTLS_RECORDS_MAX; i++) {
        CHECK(dtls_next_event(server, &event));
        CHECK_EQ(event.type, DTLS_EVENT_DATA);
        CHECK_EQ(event.data.len, 1);
        CHECK_EQ(event.data.ptr[0], i);
        CHECK(event.data.ptr >= room && event.data.ptr < room + len); // In place.
    }
    CHECK(!dtls_next_event(server, &event));
    CHECK_EQ(server->stats.drop[DTLS_DROP_LIMIT], 1);
    pair_close(&pair);
}

static void sealing_is_in_place_and_has_named_limits(void)
{
    static uint8_t room[DTLS_DATA_MAX + DTLS_SEAL_OVERHEAD + 1];
    struct pair pair;

    pair_open(&pair, 4);
    CHECK_EQ(dtls_seal(&pair.side[0].dtls, span_of(room, sizeof room), 1), 0); // Not connected.
    pair_start(&pair);
    pair_exchange(&pair);
    struct dtls *client = &pair.side[PAIR_CLIENT].dtls;
    CHECK_EQ(dtls_seal(client, span_of(room, 100 + DTLS_SEAL_OVERHEAD - 1), 100), 0);
    CHECK_EQ(dtls_seal(client, span_of(room, 100 + DTLS_SEAL_OVERHEAD), 0), 0);
    size_t len = dtls_seal(client, span_of(room, 100 + DTLS_SEAL_OVERHEAD), 100);
    CHECK_EQ(len, 100 + DTLS_SEAL_OVERHEAD);
    CHECK_EQ(room[0], DTLS_RECORD_DATA);
    CHECK_EQ(dtls_seal(client, span_of(room, sizeof room), DTLS_DATA_MAX + 1), 0);
    CHECK(dtls_seal(client, span_of(room, sizeof room), DTLS_DATA_MAX) > 0);
    pair_close(&pair);
}

static void closing_tells_the_peer_once(void)
{
    struct pair pair;

    pair_connect(&pair, 5);
    dtls_close(&pair.side[PAIR_CLIENT].dtls);
    pair_exchange(&pair);
    CHECK(pair.side[PAIR_SERVER].is_closed);
    CHECK(!pair.side[PAIR_CLIENT].is_closed); // It asked for it.
    CHECK_EQ(pair.sent, 4 + 2);               // RFC 5246 §7.2.1: each says so once.
    CHECK(!pair_send(&pair, PAIR_SERVER, bytes_of_text("too late")));
    CHECK(!pair_send(&pair, PAIR_CLIENT, bytes_of_text("too late")));
    pair_close(&pair);
}

static void closing_a_handshake_leaves_nothing_to_do(void)
{
    uint8_t room[PAIR_DATAGRAM_MAX];
    struct pair pair;

    pair_open(&pair, 11);
    pair_start(&pair);
    struct dtls *client = &pair.side[PAIR_CLIENT].dtls;
    dtls_close(client);
    CHECK_EQ(dtls_emit(client, span_of(room, sizeof room), 0), 0);
    CHECK_EQ(dtls_next_timeout(client), YODEL_NEVER);
    dtls_tick(client, YODEL_SECONDS(60));
    struct dtls_event event;
    CHECK(!dtls_next_event(client, &event));
    pair_close(&pair);
}

static void nothing_is_heard_before_start(void)
{
    uint8_t hello[PAIR_DATAGRAM_MAX];
    struct pair pair;

    pair_open(&pair, 12);
    CHECK_EQ(dtls_start(&pair.side[PAIR_CLIENT].dtls, DTLS_CLIENT,
                 &pair.side[PAIR_SERVER].fingerprint, 1, 0),
        YODEL_OK);
    size_t len = dtls_emit(&pair.side[PAIR_CLIENT].dtls, span_of(hello, sizeof hello), 0);
    pair_deliver(&pair, PAIR_SERVER, span_of(hello, len));
    CHECK_EQ(pair.side[PAIR_SERVER].dtls.stats.drop[DTLS_DROP_STATE], 1);
    CHECK_EQ(dtls_emit(&pair.side[PAIR_SERVER].dtls, span_of(hello, sizeof hello), 0), 0);
    pair_close(&pair);
}

static void an_unsent_flight_is_not_sent_twice(void)
{
    uint8_t room[PAIR_DATAGRAM_MAX];
    struct pair pair;

    pair_open(&pair, 13);
    pair_start(&pair);
    struct dtls *client = &pair.side[PAIR_CLIENT].dtls;
    for (int i = 0; i < 5; i++) {
        yodel_time due = dtls_next_timeout(client);

        virtual_clock_set(due);
        dtls_tick(client, due);
    }
    CHECK_EQ(client->stats.retransmissions, 5);
    CHECK(dtls_emit(client, span_of(room, sizeof room), 0) > 0);
    CHECK_EQ(dtls_emit(client, span_of(room, sizeof room), 0), 0);
    pair_close(&pair);
}

static void a_datagram_waits_for_room_enough(void)
{
    uint8_t room[PAIR_DATAGRAM_MAX];
    struct pair pair;

    pair_open(&pair, 14);
    pair_start(&pair);
    struct dtls *client = &pair.side[PAIR_CLIENT].dtls;
    CHECK_EQ(dtls_emit(client, span_of(room, 100), 0), 0);
    CHECK(dtls_emit(client, span_of(room, DTLS_MTU), 0) > 100);
    pair_close(&pair);
}

static void a_session_without_extended_master_secret_is_refused(void)
{
    for (int without = 0; without < 2; without++) {
        struct pair pair;

        pair_open(&pair, 15);
        SSL_CTX_set_options(
            dtls_identity_context(pair.side[without].identity), SSL_OP_NO_EXTENDED_MASTER_SECRET);
        pair_start(&pair);
        pair_run(&pair, YODEL_SECONDS(60));
        CHECK_EQ(pair.side[!without].failure, DTLS_FAILURE_PROTOCOL);
        CHECK(!pair.side[!without].is_connected);
        pair_close(&pair);
    }
}

// Peers that always send media end a handshake without it, for data too.
static void a_profile_for_srtp_is_agreed_on(void)
{
    struct pair pair;

    pair_connect(&pair, 17);
    for (int i = 0; i < 2; i++) {
        const SRTP_PROTECTION_PROFILE *profile =
            SSL_get_selected_srtp_profile(pair.side[i].dtls.ssl);
        CHECK(profile && profile->id == SRTP_AEAD_AES_128_GCM);
    }
    pair_close(&pair);
}

static void both_export_the_same_keys_for_each_profile(void)
{
    static const struct {
        const char *name;
        uint16_t profile;
        size_t master_len;
    } rows[] = {
        {"SRTP_AES128_CM_SHA1_80", 1, 30},
        {"SRTP_AEAD_AES_128_GCM", 7, 28},
        {"SRTP_AEAD_AES_256_GCM", 8, 44},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct dtls_srtp keys[2];
        struct pair pair;
        pair_open(&pair, 18);
        SSL_CTX *context = dtls_identity_context(pair.side[PAIR_CLIENT].identity);
        CHECK_EQ(SSL_CTX_set_tlsext_use_srtp(context, rows[i].name), 0);
        pair_start(&pair);
        CHECK_EQ(dtls_export_srtp(&pair.side[0].dtls, &keys[0]), YODEL_ERR_INVALID_STATE);
        pair_run(&pair, YODEL_SECONDS(60));
        for (int side = 0; side < 2; side++) {
            CHECK_EQ(dtls_export_srtp(&pair.side[side].dtls, &keys[side]), YODEL_OK);
            CHECK_EQ(keys[side].profile, rows[i].profile);
            CHECK_EQ(keys[side].master_len, rows[i].master_len);
        }
        struct bytes local = bytes_of(keys[0].local, keys[0].master_len);
        struct bytes remote = bytes_of(keys[0].remote, keys[0].master_len);
        CHECK_BYTES(local, bytes_of(keys[1].remote, keys[1].master_len));
        CHECK_BYTES(remote, bytes_of(keys[1].local, keys[1].master_len));
        CHECK(!bytes_equal(local, remote));
        pair_close(&pair);
    }
}

static void without_a_profile_there_are_no_keys(void)
{
    struct dtls_srtp keys;
    struct pair pair;

    pair_open(&pair, 19);
    SSL_CTX *context = dtls_identity_context(pair.side[PAIR_CLIENT].identity);
    CHECK_EQ(SSL_CTX_set_tlsext_use_srtp(context, "SRTP_AES128_CM_SHA1_32"), 0);
    pair_start(&pair);
    pair_run(&pair, YODEL_SECONDS(60));
    for (int side = 0; side < 2; side++) {
        CHECK(pair.side[side].is_connected);
        CHECK_EQ(dtls_export_srtp(&pair.side[side].dtls, &keys), YODEL_ERR_NOT_FOUND);
    }
    pair_close(&pair);
}

// Puts an RSA certificate in the place of a side's own.
static void show_rsa(struct pair_side *side, int bits)
{
    SSL_CTX *context = dtls_identity_context(side->identity);
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits);
    X509 *cert = X509_new();
    unsigned char *der = NULL;

    CHECK(key && cert);
    CHECK(ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) == 1);
    CHECK(X509_gmtime_adj(X509_getm_notBefore(cert), 0) != NULL);
    CHECK(X509_gmtime_adj(X509_getm_notAfter(cert), 3600) != NULL);
    CHECK(X509_set_pubkey(cert, key) == 1);
    CHECK(X509_sign(cert, key, EVP_sha256()) > 0);
    SSL_CTX_set_security_level(context, 1); // It may show what the other must judge.
    CHECK(SSL_CTX_use_certificate(context, cert) == 1);
    CHECK(SSL_CTX_use_PrivateKey(context, key) == 1);
    int len = i2d_X509(cert, &der);
    crypto_sha256(bytes_of(der, (size_t)len), side->fingerprint.value);
    OPENSSL_free(der);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void a_peer_may_show_an_rsa_certificate_if_it_is_long_enough(void)
{
    for (int who = 0; who < 2; who++) {
        for (int bits = 1024; bits <= 2048; bits += 1024) {
            struct pair pair;

            pair_open(&pair, 18);
            show_rsa(&pair.side[who], bits);
            if (who != PAIR_CLIENT) { // It would go on showing its own to who takes that.
                CHECK(SSL_CTX_set_cipher_list(dtls_identity_context(pair.side[who].identity),
                          "ECDHE-RSA-AES128-GCM-SHA256") == 1);
            }
            pair_start(&pair);
            pair_run(&pair, YODEL_SECONDS(60));
            CHECK_EQ(pair.side[!who].is_connected, bits == 2048);
            pair_close(&pair);
        }
    }
}

static void only_aead_with_forward_secrecy_is_offered(void)
{
    struct pair pair;

    pair_connect(&pair, 16);
    SSL *ssl = pair.side[PAIR_CLIENT].dtls.ssl;
    CHECK_TEXT(SSL_get_cipher_name(ssl), "ECDHE-ECDSA-AES128-GCM-SHA256");
    STACK_OF(SSL_CIPHER) *offered = SSL_get1_supported_ciphers(ssl);
    for (int i = 0; i < sk_SSL_CIPHER_num(offered); i++) {
        const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(offered, i);

        CHECK(SSL_CIPHER_is_aead(cipher));
        CHECK_EQ(SSL_CIPHER_get_kx_nid(cipher), NID_kx_ecdhe);
        int auth = SSL_CIPHER_get_auth_nid(cipher);
        CHECK(auth == NID_auth_ecdsa || auth == NID_auth_rsa);
    }
    CHECK_EQ(sk_SSL_CIPHER_num(offered), 6);
    CHECK(SSL_get_options(ssl) & SSL_OP_NO_RENEGOTIATION);
    sk_SSL_CIPHER_free(offered);
    pair_close(&pair);
}

static void starting_needs_fingerprints_and_happens_once(void)
{
    struct dtls_fingerprint many[DTLS_FINGERPRINTS_MAX + 1] = {0};
    struct pair pair;

    pair_open(&pair, 6);
    struct dtls *dtls = &pair.side[PAIR_CLIENT].dtls;
    CHECK_EQ(dtls_start(dtls, DTLS_CLIENT, many, 0, 0), YODEL_ERR_RANGE);
    CHECK_EQ(dtls_start(dtls, DTLS_CLIENT, many, COUNT(many), 0), YODEL_ERR_RANGE);
    CHECK_EQ(dtls_start(dtls, DTLS_CLIENT, many, 1, 0), YODEL_OK);
    CHECK_EQ(dtls_start(dtls, DTLS_CLIENT, many, 1, 0), YODEL_ERR_INVALID_STATE);
    pair_close(&pair);
}

static void silence_ends_after_patience(void)
{
    struct pair pair;

    pair_open(&pair, 8);
    pair_start(&pair);
    pair.filter = pair_lose;
    pair.lost = UINT64_MAX;
    pair_run(&pair, YODEL_SECONDS(60));
    CHECK_EQ(pair.side[PAIR_CLIENT].failure, DTLS_FAILURE_TIMEOUT);
    CHECK(pair.now >= YODEL_SECONDS(25) && pair.now <= DTLS_PATIENCE);
    CHECK_EQ(dtls_next_timeout(&pair.side[PAIR_CLIENT].dtls), YODEL_NEVER);
    pair_close(&pair);
}

static void a_server_that_hears_nothing_gives_up_too(void)
{
    struct pair pair;

    pair_open(&pair, 17);
    struct dtls *server = &pair.side[PAIR_SERVER].dtls;
    CHECK_EQ(dtls_start(server, DTLS_SERVER, &pair.side[PAIR_CLIENT].fingerprint, 1, 5), YODEL_OK);
    CHECK_EQ(dtls_next_timeout(server), DTLS_PATIENCE + 5);
    dtls_tick(server, DTLS_PATIENCE + 4);
    CHECK_EQ(server->state, DTLS_HANDSHAKING);
    dtls_tick(server, DTLS_PATIENCE + 5);
    CHECK_EQ(server->failure, DTLS_FAILURE_TIMEOUT);
    pair_close(&pair);
}

// The simulator's clock is the engine's, but a user's may be set back by an hour in mid-handshake.
static void a_wall_clock_set_back_delays_and_does_not_spin(void)
{
    struct pair pair;

    pair_open(&pair, 18);
    virtual_clock_set(YODEL_SECONDS(3600));
    pair_start(&pair);
    virtual_clock_set(0);
    struct dtls *client = &pair.side[PAIR_CLIENT].dtls;
    yodel_time now = 0;
    int ticks = 0;
    while (client->state == DTLS_HANDSHAKING) {
        CHECK(dtls_next_timeout(client) > now);
        now = dtls_next_timeout(client);
        dtls_tick(client, now);
        ticks++;
    }
    CHECK_EQ(now, DTLS_PATIENCE);
    CHECK(ticks < 10);
    pair_close(&pair);
}

static void a_wall_clock_set_forward_leaves_a_wait(void)
{
    uint8_t junk[] = {0};
    struct pair pair;

    pair_open(&pair, 19);
    pair_start(&pair);
    virtual_clock_set(YODEL_SECONDS(3600));
    pair_deliver(&pair, PAIR_CLIENT, span_of(junk, sizeof junk));
    CHECK(dtls_next_timeout(&pair.side[PAIR_CLIENT].dtls) > pair.now);
    pair_close(&pair);
}

// libssl's errors are the thread's: what another connection left there must not end this one.
static void an_error_that_somebody_else_left_is_not_ours(void)
{
    struct pair pair;

    pair_open(&pair, 20);
    ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
    pair_start(&pair);
    ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
    pair_exchange(&pair);
    CHECK(pair_is_connected(&pair));
    ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
    CHECK(pair_send(&pair, PAIR_CLIENT, bytes_of_text("on")));
    uint8_t room[PAIR_DATAGRAM_MAX];
    size_t len = pair_seal(&pair, PAIR_CLIENT, bytes_of_text("x"), span_of(room, sizeof room));
    room[len - 1] ^= 1;
    ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
    pair_deliver(&pair, PAIR_SERVER, span_of(room, len));
    CHECK(!pair.side[PAIR_SERVER].failure);
    dtls_close(&pair.side[PAIR_CLIENT].dtls);
    ERR_raise(ERR_LIB_USER, ERR_R_INTERNAL_ERROR);
    pair_exchange(&pair);
    CHECK(pair.side[PAIR_SERVER].is_closed);
    ERR_clear_error();
    pair_close(&pair);
}

static void a_lost_hello_comes_again_after_100_ms_then_200(void)
{
    struct pair pair;

    pair_open(&pair, 9);
    pair_start(&pair);
    pair.filter = pair_lose;
    pair.lost = 3;
    pair_run(&pair, YODEL_SECONDS(60));
    CHECK(pair_is_connected(&pair));
    CHECK_EQ(pair.side[PAIR_CLIENT].dtls.stats.retransmissions, 2);
    // libssl takes a timer for due when less than 15 ms are left.
    CHECK(pair.now >= YODEL_MS(270) && pair.now <= YODEL_MS(300));
    pair_close(&pair);
}

// The handshake has four datagrams without loss; the masks also lose what replaces the lost.
static void every_loss_among_the_first_twelve_datagrams_heals(void)
{
    uint64_t failed = 0;
    yodel_time slowest = 0;
    struct pair pair;

    pair_open(&pair, 10);
    pair.filter = pair_lose;
    for (uint64_t mask = 0; mask < 4096; mask++) {
        pair_reopen(&pair, mask);
        pair_start(&pair);
        pair.lost = mask;
        pair_run(&pair, YODEL_SECONDS(60));
        bool is_whole = pair_is_connected(&pair) &&
                        pair_send(&pair, PAIR_CLIENT, bytes_of_text("ping")) &&
                        pair_send(&pair, PAIR_SERVER, bytes_of_text("pong"));
        if (!is_whole) {
            fprintf(stderr, "loss mask %03x fails\n", (unsigned)mask);
            failed++;
        }
        slowest = pair.now > slowest ? pair.now : slowest;
    }
    pair_close(&pair);
    CHECK_EQ(failed, 0);
    CHECK(slowest < YODEL_SECONDS(25));
}

TEST_MAIN(TEST(two_engines_connect_and_talk_both_ways), TEST(one_seed_gives_the_same_bytes),
    TEST(another_certificate_than_promised_fails_on_either_side),
    TEST(several_records_in_one_datagram_are_several_events),
    TEST(sealing_is_in_place_and_has_named_limits), TEST(closing_tells_the_peer_once),
    TEST(closing_a_handshake_leaves_nothing_to_do), TEST(nothing_is_heard_before_start),
    TEST(an_unsent_flight_is_not_sent_twice), TEST(a_datagram_waits_for_room_enough),
    TEST(a_session_without_extended_master_secret_is_refused),
    TEST(a_profile_for_srtp_is_agreed_on), TEST(both_export_the_same_keys_for_each_profile),
    TEST(without_a_profile_there_are_no_keys),
    TEST(a_peer_may_show_an_rsa_certificate_if_it_is_long_enough),
    TEST(only_aead_with_forward_secrecy_is_offered), TEST(a_server_that_hears_nothing_gives_up_too),
    TEST(a_wall_clock_set_back_delays_and_does_not_spin),
    TEST(a_wall_clock_set_forward_leaves_a_wait),
    TEST(an_error_that_somebody_else_left_is_not_ours),
    TEST(starting_needs_fingerprints_and_happens_once), TEST(silence_ends_after_patience),
    TEST(a_lost_hello_comes_again_after_100_ms_then_200),
    TEST(every_loss_among_the_first_twelve_datagrams_heals))
