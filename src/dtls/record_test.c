// DTLS records: what parses, and which verdict each kind gets in each phase.

#include "dtls/record.h"

#include <stdio.h>

#include "check.h"

#define SEQ "\0\0\0\0\0\5"
#define E0 "\xfe\xfd\0\0" SEQ
#define E1 "\xfe\xfd\0\1" SEQ
#define HELLO "\1\0\0\2\0\0\0\0\0\0\0\2hi" // A handshake message of two bytes.

static void parse_accepts_and_rejects(void)
{
    static const struct {
        const char *why, *bytes;
        size_t len;
        enum yodel_err want;
    } rows[] = {
        {"a record", "\x16" E0 "\0\2hi", 15, YODEL_OK},
        {"a record with another behind it", "\x16" E0 "\0\2hi\x16", 16, YODEL_OK},
        {"an empty record", "\x17" E0 "\0\0", 13, YODEL_OK},
        {"version of a first hello", "\x16\xfe\xff\0\0" SEQ "\0\0", 13, YODEL_OK},
        {"nothing", "", 0, YODEL_ERR_MALFORMED},
        {"header cut short", "\x16" E0 "\0", 12, YODEL_ERR_MALFORMED},
        {"body cut short", "\x16" E0 "\0\3hi", 15, YODEL_ERR_MALFORMED},
        {"type below all", "\x13" E0 "\0\0", 13, YODEL_ERR_MALFORMED},
        {"heartbeat", "\x18" E0 "\0\0", 13, YODEL_ERR_MALFORMED},
        {"version 0", "\x16\0\0\0\0" SEQ "\0\0", 13, YODEL_ERR_MALFORMED},
        {"version of TLS", "\x16\3\3\0\0" SEQ "\0\0", 13, YODEL_ERR_MALFORMED},
        {"version 1.3, which records never carry", "\x16\xfe\xfc\0\0" SEQ "\0\0", 13,
            YODEL_ERR_MALFORMED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t datagram[32] = {0};
        struct dtls_record record;

        memcpy(datagram, rows[i].bytes, rows[i].len);
        enum yodel_err got = dtls_record_parse(&record, span_of(datagram, rows[i].len));
        if (got != rows[i].want) {
            fprintf(stderr, "row %zu (%s): ", i, rows[i].why);
        }
        CHECK_EQ(got, rows[i].want);
    }
}

static void a_parsed_record_has_all_its_fields(void)
{
    uint8_t datagram[] = "\x17\xfe\xfd\1\2\1\2\3\4\5\6\0\2hi and more";
    struct dtls_record record;

    CHECK_EQ(dtls_record_parse(&record, span_of(datagram, sizeof datagram)), YODEL_OK);
    CHECK_EQ(record.type, DTLS_RECORD_DATA);
    CHECK_EQ(record.epoch, 0x0102);
    CHECK_EQ(record.seq, 0x010203040506);
    CHECK_BYTES(bytes_of_span(record.body), bytes_of("hi", 2));
    CHECK(record.whole.ptr == datagram && record.whole.len == 15);
}

static void the_verdict_depends_on_epoch_type_and_phase(void)
{
    static const struct {
        const char *why, *bytes;
        size_t len;
        enum dtls_drop handshaking, connected;
    } rows[] = {
        {"hello", "\x16" E0 "\0\16" HELLO, 27, DTLS_DROP_NONE, DTLS_DROP_EPOCH},
        {"two messages", "\x16" E0 "\0\34" HELLO HELLO, 41, DTLS_DROP_NONE, DTLS_DROP_EPOCH},
        {"ServerHelloDone, which is empty", "\x16" E0 "\0\14\16\0\0\0\0\0\0\0\0\0\0\0", 25,
            DTLS_DROP_NONE, DTLS_DROP_EPOCH},
        {"no message", "\x16" E0 "\0\0", 13, DTLS_DROP_FRAGMENT, DTLS_DROP_EPOCH},
        {"a message and a byte", "\x16" E0 "\0\17" HELLO "\1", 28, DTLS_DROP_FRAGMENT,
            DTLS_DROP_EPOCH},
        {"HelloRequest", "\x16" E0 "\0\14\0\0\0\0\0\0\0\0\0\0\0\0", 25, DTLS_DROP_FRAGMENT,
            DTLS_DROP_EPOCH},
        {"empty fragment of a message", "\x16" E0 "\0\14\1\0\0\2\0\0\0\0\0\0\0\0", 25,
            DTLS_DROP_FRAGMENT, DTLS_DROP_EPOCH},
        {"fragment past its message", "\x16" E0 "\0\16\1\0\0\2\0\0\0\0\1\0\0\2hi", 27,
            DTLS_DROP_FRAGMENT, DTLS_DROP_EPOCH},
        {"fragment past its record", "\x16" E0 "\0\16\1\0\0\3\0\0\0\0\0\0\0\3hi", 27,
            DTLS_DROP_FRAGMENT, DTLS_DROP_EPOCH},
        {"message of 16384 bytes", "\x16" E0 "\0\16\1\0\x40\0\0\0\0\0\0\0\0\2hi", 27,
            DTLS_DROP_NONE, DTLS_DROP_EPOCH},
        {"message of 16385 bytes", "\x16" E0 "\0\16\1\0\x40\1\0\0\0\0\0\0\0\2hi", 27,
            DTLS_DROP_FRAGMENT, DTLS_DROP_EPOCH},
        {"message of 16 MB", "\x16" E0 "\0\16\1\xff\xff\xff\0\0\0\0\0\0\0\2hi", 27,
            DTLS_DROP_FRAGMENT, DTLS_DROP_EPOCH},
        {"plaintext alert", "\x15" E0 "\0\2\2\50", 15, DTLS_DROP_ALERT, DTLS_DROP_EPOCH},
        {"plaintext data", "\x17" E0 "\0\2hi", 15, DTLS_DROP_TYPE, DTLS_DROP_EPOCH},
        {"ChangeCipherSpec", "\x14" E0 "\0\1\1", 14, DTLS_DROP_NONE, DTLS_DROP_EPOCH},
        {"ChangeCipherSpec to what", "\x14" E0 "\0\1\2", 14, DTLS_DROP_MALFORMED, DTLS_DROP_EPOCH},
        {"ChangeCipherSpec twice", "\x14" E0 "\0\2\1\1", 15, DTLS_DROP_MALFORMED, DTLS_DROP_EPOCH},
        {"sealed ChangeCipherSpec", "\x14" E1 "\0\x19ignored, but of a length.", 38, DTLS_DROP_TYPE,
            DTLS_DROP_TYPE},
        {"sealed data", "\x17" E1 "\0\x11ignored, but long", 30, DTLS_DROP_NONE, DTLS_DROP_NONE},
        {"sealed data without a byte", "\x17" E1 "\0\x10ignored, but lon", 29, DTLS_DROP_MALFORMED,
            DTLS_DROP_MALFORMED},
        {"sealed alert", "\x15" E1 "\0\x12ignored, but longe", 31, DTLS_DROP_NONE, DTLS_DROP_NONE},
        {"epoch 2", "\x17\xfe\xfd\0\2" SEQ "\0\x11ignored, but long", 30, DTLS_DROP_EPOCH,
            DTLS_DROP_EPOCH},
        {"epoch 65535", "\x16\xfe\xfd\xff\xff" SEQ "\0\16" HELLO, 27, DTLS_DROP_EPOCH,
            DTLS_DROP_EPOCH},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t datagram[64] = {0};
        struct dtls_record record;

        memcpy(datagram, rows[i].bytes, rows[i].len);
        CHECK_EQ(dtls_record_parse(&record, span_of(datagram, rows[i].len)), YODEL_OK);
        enum dtls_drop handshaking = dtls_record_judge(&record, false, DTLS_RECORD_OVERHEAD_CHACHA);
        enum dtls_drop connected = dtls_record_judge(&record, true, DTLS_RECORD_OVERHEAD_CHACHA);
        if (handshaking != rows[i].handshaking || connected != rows[i].connected) {
            fprintf(stderr, "row %zu (%s): ", i, rows[i].why);
        }
        CHECK_EQ(handshaking, rows[i].handshaking);
        CHECK_EQ(connected, rows[i].connected);
    }
}

// libssl takes what is too short for its suite for an error of its own, and gives up.
static void a_sealed_record_holds_a_byte_more_than_its_suite_adds(void)
{
    static const size_t overheads[] = {DTLS_RECORD_OVERHEAD_CHACHA, DTLS_RECORD_OVERHEAD_GCM};
    uint8_t datagram[DTLS_RECORD_HEADER_SIZE + 64] = "\x17" E1;

    for (size_t i = 0; i < COUNT(overheads) * 64; i++) {
        size_t overhead = overheads[i / 64], len = i % 64;
        struct dtls_record record;

        store_u16(datagram + 11, (uint16_t)len);
        CHECK_EQ(dtls_record_parse(&record, span_of(datagram, sizeof datagram)), YODEL_OK);
        enum dtls_drop want = len > overhead ? DTLS_DROP_NONE : DTLS_DROP_MALFORMED;
        CHECK_EQ(dtls_record_judge(&record, false, overhead), want);
        CHECK_EQ(dtls_record_judge(&record, true, overhead), want);
    }
}

// Only Finished is sealed handshake, and its length gives it away: everything else would
// renegotiate.
static void sealed_handshake_passes_in_the_lengths_of_finished_alone(void)
{
    uint8_t datagram[DTLS_RECORD_HEADER_SIZE + 256] = "\x16" E1;

    for (size_t len = 0; len < 256; len++) {
        struct dtls_record record;

        store_u16(datagram + 11, (uint16_t)len);
        CHECK_EQ(dtls_record_parse(&record, span_of(datagram, sizeof datagram)), YODEL_OK);
        enum dtls_drop want = len == 40 || len == 48 ? DTLS_DROP_NONE : DTLS_DROP_TYPE;
        CHECK_EQ(dtls_record_judge(&record, false, DTLS_RECORD_OVERHEAD_CHACHA), want);
        CHECK_EQ(dtls_record_judge(&record, true, DTLS_RECORD_OVERHEAD_CHACHA), want);
    }
}

static void the_first_byte_tells_dtls_from_the_others(void)
{
    for (unsigned first = 0; first < 256; first++) {
        uint8_t byte = (uint8_t)first;

        CHECK_EQ(dtls_record_is_dtls(bytes_of(&byte, 1)), first >= 20 && first <= 63);
    }
    CHECK(!dtls_record_is_dtls(bytes_of("", 0)));
}

TEST_MAIN(TEST(parse_accepts_and_rejects), TEST(a_parsed_record_has_all_its_fields),
    TEST(the_verdict_depends_on_epoch_type_and_phase),
    TEST(sealed_handshake_passes_in_the_lengths_of_finished_alone),
    TEST(a_sealed_record_holds_a_byte_more_than_its_suite_adds),
    TEST(the_first_byte_tells_dtls_from_the_others))
