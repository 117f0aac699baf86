// DTLS among strangers: what is put on the wire beside an honest handshake, and what must come of
// it, which is nothing.

#include <openssl/ssl.h>
#include <stdio.h>

#include "check.h"
#include "dtls/identity_native.h"
#include "dtls_pair.h"
#include "virtual_clock.h"

#define FINISHED_LEN 48

// ---- Building what no honest peer sends.

static void put_record(
    struct writer *w, unsigned type, unsigned epoch, uint64_t seq, struct bytes body)
{
    put_u8(w, (uint8_t)type);
    put_u16(w, 0xfefd);
    put_u16(w, (uint16_t)epoch);
    put_u24(w, (uint32_t)(seq >> 24));
    put_u24(w, (uint32_t)(seq & 0xffffff));
    put_u16(w, (uint16_t)body.len);
    put_bytes(w, body);
}

// A handshake message, or a part of one, in a record of its own.
static void put_fragment(struct writer *w, unsigned type, uint32_t message_len, unsigned message,
    uint32_t offset, struct bytes part)
{
    uint8_t room[PAIR_DATAGRAM_MAX];
    struct writer body = writer_of(span_of(room, sizeof room));

    put_u8(&body, (uint8_t)type);
    put_u24(&body, message_len);
    put_u16(&body, (uint16_t)message);
    put_u24(&body, offset);
    put_u24(&body, (uint32_t)part.len);
    put_bytes(&body, part);
    put_record(w, DTLS_RECORD_HANDSHAKE, 0, 1000 + offset, writer_bytes(&body));
}

static void empty_records(struct writer *w)
{
    for (int i = 0; i < 50; i++) {
        put_record(w, DTLS_RECORD_HANDSHAKE, 0, 900 + (unsigned)i, (struct bytes){0});
        put_record(w, DTLS_RECORD_DATA, 1, 900 + (unsigned)i, (struct bytes){0});
    }
}

static void record_past_the_datagram(struct writer *w)
{
    put_bytes(w, bytes_of("\x16\xfe\xfd\0\0\0\0\0\0\0\1\xff\xff", 13));
}

static void version_of_tls(struct writer *w)
{
    put_bytes(w, bytes_of("\x16\3\3\0\0\0\0\0\0\0\1\0\0", 13));
}

static void sealed_data_without_a_key(struct writer *w)
{
    put_record(w, DTLS_RECORD_DATA, 1, 1, bytes_of_text("this is long enough to be data"));
}

static void sealed_finished_without_a_key(struct writer *w)
{
    static const uint8_t body[FINISHED_LEN] = {0};

    put_record(w, DTLS_RECORD_HANDSHAKE, 1, 1, bytes_of(body, sizeof body));
}

static void sealed_alert_without_a_key(struct writer *w)
{
    static const uint8_t body[26] = {2, 40};

    put_record(w, DTLS_RECORD_ALERT, 1, 2, bytes_of(body, sizeof body));
}

static void epoch_to_come(struct writer *w)
{
    put_record(w, DTLS_RECORD_DATA, 2, 1, bytes_of_text("this is long enough to be data"));
}

static void last_sequence_number(struct writer *w)
{
    put_record(
        w, DTLS_RECORD_DATA, 1, 0xffffffffffff, bytes_of_text("this is long enough to be data"));
}

static void fragment_past_its_message(struct writer *w)
{
    put_fragment(w, 1, 10, 0, 9, bytes_of_text("ab"));
}

static void message_of_16_mb(struct writer *w)
{
    put_fragment(w, 11, 0xffffff, 1, 0, bytes_of_text("ab"));
}

static void certificate_of_17_kb(struct writer *w)
{
    put_fragment(w, 11, 17000, 1, 0, bytes_of_text("ab"));
}

static void empty_fragments(struct writer *w)
{
    for (int i = 0; i < 40; i++) {
        put_fragment(w, 11, 100, (unsigned)i, 0, (struct bytes){0});
    }
}

static void message_number_far_ahead(struct writer *w)
{
    put_fragment(w, 11, 2, 100, 0, bytes_of_text("ab"));
}

static void fatal_alert(struct writer *w)
{
    put_record(w, DTLS_RECORD_ALERT, 0, 500, bytes_of("\2\50", 2));
}

static void close_notify(struct writer *w)
{
    put_record(w, DTLS_RECORD_ALERT, 0, 500, bytes_of("\1\0", 2));
}

static void alerts_in_a_row(struct writer *w)
{
    for (unsigned i = 0; i < 100; i++) {
        put_record(w, DTLS_RECORD_ALERT, 0, 500 + i, bytes_of("\1\132", 2));
    }
}

// Nonce and tag of AES-GCM alone are 24 bytes: there is nothing that they could seal.
static void sealed_records_too_short(struct writer *w)
{
    static const uint8_t zeros[24];

    for (uint8_t len = 17; len <= sizeof zeros; len++) {
        put_record(w, DTLS_RECORD_DATA, 1, 700u + len, bytes_of(zeros, len));
        put_record(w, DTLS_RECORD_ALERT, 1, 800u + len, bytes_of(zeros, len));
    }
}

static void change_cipher_spec(struct writer *w)
{
    put_record(w, DTLS_RECORD_CHANGE_CIPHER_SPEC, 0, 600, bytes_of("\1", 1));
}

static void change_cipher_spec_of_two_bytes(struct writer *w)
{
    put_record(w, DTLS_RECORD_CHANGE_CIPHER_SPEC, 0, 600, bytes_of("\1\1", 2));
}

static void hello_request(struct writer *w)
{
    put_fragment(w, 0, 0, 0, 0, (struct bytes){0});
}

static void plaintext_data(struct writer *w)
{
    put_record(w, DTLS_RECORD_DATA, 0, 1, bytes_of_text("hello"));
}

static void noise(struct writer *w)
{
    for (int i = 0; i < 200; i++) {
        put_u8(w, (uint8_t)(20 + i));
    }
}

static const struct attack {
    const char *name; // the case's letter and number first (docs/HOSTILE.md).
    void (*make)(struct writer *w);
    enum dtls_drop
        drop; // How each is counted during the handshake; NONE where libssl alone sees it.
} attacks[] = {
    {"D1 record past the datagram", record_past_the_datagram, DTLS_DROP_MALFORMED},
    {"D1 noise", noise, DTLS_DROP_MALFORMED},
    {"D2 empty records", empty_records, DTLS_DROP_FRAGMENT},
    {"D3 version of TLS", version_of_tls, DTLS_DROP_MALFORMED},
    {"D4 sealed data without a key", sealed_data_without_a_key, DTLS_DROP_NONE},
    {"D4 sealed Finished without a key", sealed_finished_without_a_key, DTLS_DROP_NONE},
    {"D4 sealed alert without a key", sealed_alert_without_a_key, DTLS_DROP_NONE},
    {"D4 sealed records too short", sealed_records_too_short, DTLS_DROP_MALFORMED},
    {"D4 epoch to come", epoch_to_come, DTLS_DROP_EPOCH},
    {"D5 fragment past its message", fragment_past_its_message, DTLS_DROP_FRAGMENT},
    {"D6 message of 16 MB", message_of_16_mb, DTLS_DROP_FRAGMENT},
    {"D8 empty fragments", empty_fragments, DTLS_DROP_FRAGMENT},
    {"D9 message number far ahead", message_number_far_ahead, DTLS_DROP_NONE},
    {"D12 fatal alert", fatal_alert, DTLS_DROP_ALERT},
    {"D12 close_notify", close_notify, DTLS_DROP_ALERT},
    {"D12 alerts in a row", alerts_in_a_row, DTLS_DROP_ALERT},
    {"D13 ChangeCipherSpec early, twice, late", change_cipher_spec, DTLS_DROP_NONE},
    {"D13 ChangeCipherSpec of two bytes", change_cipher_spec_of_two_bytes, DTLS_DROP_MALFORMED},
    {"D14 plaintext data", plaintext_data, DTLS_DROP_TYPE},
    {"D15 certificate of 17 KB", certificate_of_17_kb, DTLS_DROP_FRAGMENT},
    {"D16 HelloRequest", hello_request, DTLS_DROP_FRAGMENT},
    {"D17 last sequence number", last_sequence_number, DTLS_DROP_NONE},
};

static struct span make(const struct attack *attack, uint8_t room[PAIR_DATAGRAM_MAX])
{
    struct writer w = writer_of(span_of(room, PAIR_DATAGRAM_MAX));

    attack->make(&w);
    CHECK(!w.failed);
    return span_of(room, w.len);
}

// ---- Beside a handshake: in each role, before each of its datagrams, and after it.

struct ambush {
    const struct attack *attack;
    uint32_t before; // The datagram that it precedes.
    int victim;
};

static bool ambush(struct pair *pair, int from, uint32_t index, struct span *datagram)
{
    const struct ambush *ambush = pair->ctx;
    uint8_t room[PAIR_DATAGRAM_MAX];

    (void)from, (void)datagram;
    if (index == ambush->before) {
        pair_deliver(pair, ambush->victim, make(ambush->attack, room));
    }
    return true;
}

static bool talks(struct pair *pair)
{
    return pair_is_connected(pair) && pair_send(pair, PAIR_CLIENT, bytes_of_text("ping")) &&
           pair_send(pair, PAIR_SERVER, bytes_of_text("pong"));
}

static void no_stranger_ends_a_handshake(void)
{
    struct pair pair;

    pair_open(&pair, 1);
    pair.filter = ambush;
    for (size_t i = 0; i < COUNT(attacks) * 8; i++) {
        struct ambush where = {&attacks[i / 8], i / 2 % 4, i % 2};

        pair.ctx = &where;
        pair_reopen(&pair, i);
        pair_start(&pair);
        pair_run(&pair, YODEL_SECONDS(60));
        if (!talks(&pair)) {
            fprintf(stderr, "%s, before datagram %u, to %d: ", where.attack->name, where.before,
                where.victim);
        }
        CHECK(talks(&pair));
        CHECK_EQ(pair.now, 0); // Not even a retransmission was needed.
        // Until its own last datagram is in, the victim counts it as the table says.
        if (where.attack->drop != DTLS_DROP_NONE && where.before < 2) {
            CHECK(pair.side[where.victim].dtls.stats.drop[where.attack->drop] > 0);
        }
    }
    pair_close(&pair);
}

static void no_stranger_ends_a_connection(void)
{
    struct pair pair;

    pair_connect(&pair, 2);
    for (size_t i = 0; i < COUNT(attacks) * 2; i++) {
        uint8_t room[PAIR_DATAGRAM_MAX];
        struct dtls *victim = &pair.side[i % 2].dtls;
        uint64_t before = 0, after = 0;

        for (size_t why = 0; why < DTLS_DROP_COUNT; why++) {
            before += victim->stats.drop[why];
        }
        pair_deliver(&pair, (int)(i % 2), make(&attacks[i / 2], room));
        for (size_t why = 0; why < DTLS_DROP_COUNT; why++) {
            after += victim->stats.drop[why];
        }
        if (!talks(&pair)) {
            fprintf(stderr, "%s: ", attacks[i / 2].name);
        }
        CHECK(talks(&pair));
        // A forged Finished is the one thing that libssl alone judges.
        CHECK(after > before || attacks[i / 2].make == sealed_finished_without_a_key);
        CHECK_EQ(dtls_emit(victim, span_of(room, sizeof room), 0), 0); // Nor is it answered.
    }
    pair_close(&pair);
}

static void ten_thousand_early_records_are_kept_within_limits(void)
{
    struct pair pair;
    uint8_t room[PAIR_DATAGRAM_MAX];

    pair_open(&pair, 3);
    pair_start(&pair);
    struct dtls *server = &pair.side[PAIR_SERVER].dtls;
    for (uint64_t i = 0; i < 10000; i++) {
        struct writer w = writer_of(span_of(room, sizeof room));
        static const uint8_t body[FINISHED_LEN] = {0};

        put_record(&w, i % 2 ? DTLS_RECORD_DATA : DTLS_RECORD_HANDSHAKE, 1, i,
            bytes_of(body, sizeof body));
        pair_deliver(&pair, PAIR_SERVER, span_of(room, w.len));
    }
    CHECK_EQ(server->stats.drop[DTLS_DROP_LIMIT], 10000 - DTLS_SEALED_EARLY_MAX - DTLS_EARLY_COUNT);
    pair_close(&pair);
}

// ---- On the wire of a connection.

static void a_replayed_record_is_delivered_once(void)
{
    uint8_t room[PAIR_DATAGRAM_MAX], copy[PAIR_DATAGRAM_MAX];
    struct pair pair;

    pair_connect(&pair, 4);
    size_t len = pair_seal(&pair, PAIR_CLIENT, bytes_of_text("once"), span_of(room, sizeof room));
    for (int i = 0; i < 100; i++) {
        memcpy(copy, room, len); // It is decrypted in place.
        pair_deliver(&pair, PAIR_SERVER, span_of(copy, len));
    }
    CHECK_EQ(pair.side[PAIR_SERVER].received_count, 1);
    CHECK_EQ(pair.side[PAIR_SERVER].dtls.stats.drop[DTLS_DROP_UNAUTHENTIC], 99);
    CHECK(talks(&pair));
    pair_close(&pair);
}

static void no_changed_bit_of_a_record_is_delivered(void)
{
    uint8_t room[PAIR_DATAGRAM_MAX], copy[PAIR_DATAGRAM_MAX];
    struct pair pair;

    pair_connect(&pair, 5);
    size_t len = pair_seal(&pair, PAIR_CLIENT, bytes_of_text("truth"), span_of(room, sizeof room));
    for (size_t bit = 0; bit < len * 8; bit++) {
        memcpy(copy, room, len);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        pair_deliver(&pair, PAIR_SERVER, span_of(copy, len));
        CHECK_EQ(pair.side[PAIR_SERVER].received_count, 0);
        CHECK(!pair.side[PAIR_SERVER].failure && !pair.side[PAIR_SERVER].is_closed);
    }
    pair_deliver(&pair, PAIR_SERVER, span_of(room, len)); // A forgery has not moved the window.
    CHECK_EQ(pair.side[PAIR_SERVER].received_count, 1);
    CHECK(talks(&pair));
    pair_close(&pair);
}

static void no_sealed_record_is_so_short_that_it_ends_a_connection(void)
{
    static const char *const suites[] = {
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"};
    static const uint8_t zeros[64];
    uint8_t room[PAIR_DATAGRAM_MAX];
    struct pair pair;

    pair_open(&pair, 5);
    for (size_t i = 0; i < COUNT(suites); i++) {
        CHECK(SSL_CTX_set_cipher_list(
                  dtls_identity_context(pair.side[PAIR_CLIENT].identity), suites[i]) == 1);
        pair_reopen(&pair, i);
        pair_start(&pair);
        pair_run(&pair, YODEL_SECONDS(60));
        for (uint64_t len = 0; len < sizeof zeros; len++) {
            struct writer w = writer_of(span_of(room, sizeof room));

            put_record(&w, DTLS_RECORD_DATA, 1, 100 + len, bytes_of(zeros, len));
            put_record(&w, DTLS_RECORD_ALERT, 1, 200 + len, bytes_of(zeros, len));
            pair_deliver(&pair, PAIR_SERVER, span_of(room, w.len));
            CHECK_EQ(pair.side[PAIR_SERVER].failure, DTLS_FAILURE_NONE);
        }
        CHECK(talks(&pair));
    }
    pair_close(&pair);
}

static void no_prefix_of_a_record_is_delivered(void)
{
    uint8_t room[PAIR_DATAGRAM_MAX], copy[PAIR_DATAGRAM_MAX];
    struct pair pair;

    pair_connect(&pair, 6);
    size_t whole = pair_seal(&pair, PAIR_SERVER, bytes_of_text("cut"), span_of(room, sizeof room));
    for (size_t len = 0; len < whole; len++) {
        memcpy(copy, room, len);
        pair_deliver(&pair, PAIR_CLIENT, span_of(copy, len));
    }
    CHECK_EQ(pair.side[PAIR_CLIENT].received_count, 0);
    CHECK(talks(&pair));
    pair_close(&pair);
}

// ---- A peer that is who it says, and misbehaves.

static void renegotiation_is_not_answered(void)
{
    for (int asker = 0; asker < 2; asker++) {
        struct pair pair;

        pair_connect(&pair, 7);
        struct dtls *dtls = &pair.side[asker].dtls;
        SSL_clear_options(dtls->ssl, SSL_OP_NO_RENEGOTIATION);
        CHECK_EQ(SSL_renegotiate(dtls->ssl), 1);
        (void)SSL_do_handshake(dtls->ssl);
        CHECK(!dtls_wire_is_empty(&dtls->wire)); // It did ask.
        pair_exchange(&pair);
        struct dtls *asked = &pair.side[!asker].dtls;
        CHECK_EQ(asked->state, DTLS_CONNECTED);
        CHECK(asked->stats.drop[DTLS_DROP_TYPE] > 0);
        CHECK(dtls_wire_is_empty(&asked->wire));
        pair_close(&pair);
    }
}

static void a_client_without_a_certificate_is_refused(void)
{
    struct pair pair;

    pair_open(&pair, 8);
    pair_start(&pair);
    SSL_certs_clear(pair.side[PAIR_CLIENT].dtls.ssl);
    pair_run(&pair, YODEL_SECONDS(60));
    CHECK_EQ(pair.side[PAIR_SERVER].failure, DTLS_FAILURE_PROTOCOL);
    CHECK(!pair.side[PAIR_CLIENT].is_connected);
    pair_close(&pair);
}

// WebRTC trusts the fingerprint, so a date proves nothing either way.
static void an_expired_certificate_is_accepted(void)
{
    struct pair pair;

    pair_open(&pair, 9);
    for (int i = 0; i < 2; i++) {
        struct pair_side *side = &pair.side[i];

        dtls_identity_free(side->identity);
        crypto_cert_free(side->cert);
        CHECK_EQ(crypto_cert_new(alloc_system(), 86400, &side->cert), YODEL_OK);
        CHECK_EQ(dtls_identity_new(alloc_system(), side->cert, &side->identity), YODEL_OK);
        dtls_identity_fingerprint(side->identity, side->fingerprint.value);
    }
    pair_reopen(&pair, 9);
    pair_start(&pair);
    pair_run(&pair, YODEL_SECONDS(60));
    CHECK(talks(&pair));
    pair_close(&pair);
}

static void two_of_the_same_role_fail_and_say_so(void)
{
    for (enum dtls_role role = DTLS_CLIENT; role <= DTLS_SERVER; role++) {
        struct pair pair;

        pair_open(&pair, 10);
        for (int i = 0; i < 2; i++) {
            CHECK_EQ(
                dtls_start(&pair.side[i].dtls, role, &pair.side[!i].fingerprint, 1, 0), YODEL_OK);
        }
        pair_run(&pair, YODEL_SECONDS(60));
        CHECK(!pair.side[0].is_connected && !pair.side[1].is_connected);
        CHECK(pair.side[0].failure || pair.side[1].failure);
        pair_close(&pair);
    }
}

static void another_hello_in_between_changes_nothing(void)
{
    struct pair pair, other;
    uint8_t room[PAIR_DATAGRAM_MAX];

    pair_open(&other, 11);
    pair_start(&other);
    size_t len = dtls_emit(&other.side[PAIR_CLIENT].dtls, span_of(room, sizeof room), 0);
    pair_open(&pair, 12);
    pair_start(&pair);
    uint8_t hello[PAIR_DATAGRAM_MAX];
    size_t hello_len = dtls_emit(&pair.side[PAIR_CLIENT].dtls, span_of(hello, sizeof hello), 0);
    pair_deliver(&pair, PAIR_SERVER, span_of(hello, hello_len));
    pair_deliver(&pair, PAIR_SERVER, span_of(room, len));
    pair_run(&pair, YODEL_SECONDS(60));
    CHECK(talks(&pair));
    pair_close(&pair);
    pair_close(&other);
}

// Every byte of a hello in turn: the server may refuse it, but it stays on its feet.
static void a_hello_with_any_byte_changed_does_no_harm(void)
{
    uint8_t hello[PAIR_DATAGRAM_MAX], copy[PAIR_DATAGRAM_MAX];
    struct pair pair;

    pair_open(&pair, 13);
    pair_start(&pair);
    size_t len = dtls_emit(&pair.side[PAIR_CLIENT].dtls, span_of(hello, sizeof hello), 0);
    for (size_t i = 0; i < len * 3; i++) {
        static const uint8_t changes[] = {0x01, 0x80, 0xff};

        pair_reopen(&pair, 13);
        pair_start(&pair);
        memcpy(copy, hello, len);
        copy[i / 3] ^= changes[i % 3];
        pair_deliver(&pair, PAIR_SERVER, span_of(copy, len));
        CHECK(!pair.side[PAIR_SERVER].is_connected);
    }
    for (size_t cut = 0; cut < len; cut++) {
        pair_reopen(&pair, 13);
        pair_start(&pair);
        memcpy(copy, hello, cut);
        pair_deliver(&pair, PAIR_SERVER, span_of(copy, cut));
        CHECK(!pair.side[PAIR_SERVER].failure); // It is not even a record.
    }
    pair_close(&pair);
}

TEST_MAIN(TEST(no_stranger_ends_a_handshake), TEST(no_stranger_ends_a_connection),
    TEST(ten_thousand_early_records_are_kept_within_limits),
    TEST(a_replayed_record_is_delivered_once), TEST(no_changed_bit_of_a_record_is_delivered),
    TEST(no_sealed_record_is_so_short_that_it_ends_a_connection),
    TEST(no_prefix_of_a_record_is_delivered), TEST(renegotiation_is_not_answered),
    TEST(a_client_without_a_certificate_is_refused), TEST(an_expired_certificate_is_accepted),
    TEST(two_of_the_same_role_fail_and_say_so), TEST(another_hello_in_between_changes_nothing),
    TEST(a_hello_with_any_byte_changed_does_no_harm))
