// The wire: the BIO's four functions and the datagrams that wait.

#include "dtls/wire.h"

#include <limits.h>
#include <openssl/bio.h>

#include "base/assert.h"
#include "dtls/record.h"

static int wire_read(BIO *bio, char *room, int len)
{
    struct dtls_wire *wire = BIO_get_data(bio);
    size_t in_len = wire->in.len;

    BIO_clear_retry_flags(bio);
    if (in_len == 0 || len <= 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    // As a socket does, drop what does not fit.
    in_len = in_len < (size_t)len ? in_len : (size_t)len;
    memcpy(room, wire->in.ptr, in_len);
    wire->in = (struct bytes){0};
    return (int)in_len;
}

static void keep(struct dtls_wire *wire, struct bytes datagram)
{
    if (wire->end == DTLS_WIRE_COUNT || datagram.len > DTLS_WIRE_SIZE - wire->end_offset) {
        wire->lost++;
        return;
    }
    memcpy(wire->waiting + wire->end_offset, datagram.ptr, datagram.len);
    wire->end_offset += datagram.len;
    wire->lens[wire->end++] = (uint16_t)datagram.len;
}

static int wire_write(BIO *bio, const char *data, int len)
{
    struct dtls_wire *wire = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (len <= 0) {
        return 0;
    }
    struct bytes datagram = bytes_of(data, (size_t)len);
    if (datagram.ptr[0] != DTLS_RECORD_DATA) {
        keep(wire, datagram);
    } else if (datagram.len <= wire->room.len) {
        memcpy(wire->room.ptr, datagram.ptr, datagram.len);
        wire->sealed = datagram.len;
    }
    return len;
}

// libssl asks a datagram BIO many things: timers, MTU, peers. The answer to all but flush is
// "nothing".
static long wire_ctrl(BIO *bio, int command, long number, void *ptr)
{
    (void)bio, (void)number, (void)ptr;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD *dtls_wire_method_new(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "yodel wire");

    if (method && BIO_meth_set_read(method, wire_read) == 1 &&
        BIO_meth_set_write(method, wire_write) == 1 && BIO_meth_set_ctrl(method, wire_ctrl) == 1) {
        return method;
    }
    BIO_meth_free(method);
    return NULL;
}

BIO *dtls_wire_bio_new(struct dtls_wire *wire, const BIO_METHOD *method)
{
    BIO *bio = BIO_new(method);

    if (bio) {
        BIO_set_data(bio, wire);
        BIO_set_init(bio, 1);
    }
    return bio;
}

size_t dtls_wire_emit(struct dtls_wire *wire, struct span room)
{
    if (dtls_wire_is_empty(wire) || wire->lens[wire->first] > room.len) {
        return 0;
    }
    size_t len = wire->lens[wire->first++];
    memcpy(room.ptr, wire->waiting + wire->first_offset, len);
    wire->first_offset += len;
    if (dtls_wire_is_empty(wire)) {
        dtls_wire_clear(wire);
    }
    return len;
}

void dtls_wire_clear(struct dtls_wire *wire)
{
    wire->first = wire->end = 0;
    wire->first_offset = wire->end_offset = 0;
}
