// The wire: datagram borders in, datagram borders out, and the bound on what waits.

#include "dtls/wire.h"

#include <openssl/bio.h>

#include "check.h"
#include "dtls/record.h"

static struct dtls_wire wire;

static BIO *open_wire(BIO_METHOD **method)
{
    memset(&wire, 0, sizeof wire);
    *method = dtls_wire_method_new();
    CHECK(*method);
    BIO *bio = dtls_wire_bio_new(&wire, *method);
    CHECK(bio);
    return bio;
}

static void close_wire(BIO *bio, BIO_METHOD *method)
{
    BIO_free(bio);
    BIO_meth_free(method);
}

static void a_datagram_is_read_once_and_then_there_is_patience(void)
{
    BIO_METHOD *method;
    BIO *bio = open_wire(&method);
    uint8_t room[16];

    wire.in = bytes_of("datagram", 8);
    CHECK_EQ(BIO_read(bio, room, 4), 4); // What does not fit is lost, as with a socket.
    CHECK_EQ(BIO_read(bio, room, sizeof room), -1);
    CHECK(BIO_should_read(bio) && BIO_should_retry(bio));
    close_wire(bio, method);
}

static void datagrams_wait_in_order_up_to_their_number(void)
{
    BIO_METHOD *method;
    BIO *bio = open_wire(&method);
    uint8_t room[16];

    for (uint8_t i = 0; i < DTLS_WIRE_COUNT + 2; i++) {
        uint8_t datagram[] = {DTLS_RECORD_HANDSHAKE, i};

        CHECK_EQ(BIO_write(bio, datagram, 1 + i % 2), 1 + i % 2); // Lost or not, it was sent.
    }
    CHECK_EQ(wire.lost, 2);
    for (uint8_t i = 0; i < DTLS_WIRE_COUNT; i++) {
        CHECK_EQ(dtls_wire_emit(&wire, span_of(room, sizeof room)), 1 + i % 2);
        CHECK(i % 2 == 0 || room[1] == i);
    }
    CHECK_EQ(dtls_wire_emit(&wire, span_of(room, sizeof room)), 0);
    CHECK_EQ(BIO_write(bio, "\x16", 1), 1); // There is room again.
    CHECK_EQ(dtls_wire_emit(&wire, span_of(room, sizeof room)), 1);
    close_wire(bio, method);
}

static void datagrams_wait_up_to_their_size(void)
{
    static uint8_t datagram[DTLS_WIRE_SIZE] = {DTLS_RECORD_HANDSHAKE};
    BIO_METHOD *method;
    BIO *bio = open_wire(&method);

    CHECK_EQ(BIO_write(bio, datagram, DTLS_WIRE_SIZE - 1), DTLS_WIRE_SIZE - 1);
    CHECK_EQ(BIO_write(bio, datagram, 2), 2);
    CHECK_EQ(wire.lost, 1);
    CHECK_EQ(BIO_write(bio, datagram, 1), 1);
    CHECK_EQ(wire.lost, 1);
    CHECK_EQ(wire.end_offset, DTLS_WIRE_SIZE);
    close_wire(bio, method);
}

static void data_goes_to_the_callers_room_and_nowhere_else(void)
{
    static const uint8_t record[] = {DTLS_RECORD_DATA, 1, 2, 3};
    BIO_METHOD *method;
    BIO *bio = open_wire(&method);
    uint8_t room[4] = {0};

    CHECK_EQ(BIO_write(bio, record, sizeof record), sizeof record);
    CHECK(dtls_wire_is_empty(&wire) && wire.sealed == 0);
    wire.room = span_of(room, sizeof room - 1);
    CHECK_EQ(BIO_write(bio, record, sizeof record), sizeof record);
    CHECK(wire.sealed == 0 && room[0] == 0);
    wire.room = span_of(room, sizeof room);
    CHECK_EQ(BIO_write(bio, record, sizeof record), sizeof record);
    CHECK_BYTES(bytes_of(room, wire.sealed), bytes_of(record, sizeof record));
    close_wire(bio, method);
}

TEST_MAIN(TEST(a_datagram_is_read_once_and_then_there_is_patience),
    TEST(datagrams_wait_in_order_up_to_their_number), TEST(datagrams_wait_up_to_their_size),
    TEST(data_goes_to_the_callers_room_and_nowhere_else))
