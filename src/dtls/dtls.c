// DTLS: drives libssl one record at a time.

#include "dtls/dtls.h"

#include <assert.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/assert.h"
#include "crypto/secret.h"
#include "dtls/identity_native.h"

#define DTLS_TIMEOUT_MIN                                                                           \
    YODEL_MS(1) // libssl's clock is another one than ours: never ask it in a circle.

static_assert(sizeof(struct dtls) <= 6144, "a peer embeds this");

// Data records that overtook the end of the handshake. libssl would keep them too, but in 17 KB
// each.
struct dtls_early {
    uint32_t count;
    size_t len;
    uint16_t lens[DTLS_EARLY_COUNT];
    uint8_t records[DTLS_EARLY_SIZE];
};

static void drop(struct dtls *dtls, enum dtls_drop why)
{
    dtls->stats.drop[why]++;
}

static void fail(struct dtls *dtls, enum dtls_failure why)
{
    dtls->state = DTLS_FAILED;
    dtls->failure = why;
    dtls->has_failed = true;
    dtls->due = YODEL_NEVER;
    log_info(dtls->env, "dtls", "failed: %s, last alert ignored %u", dtls_failure_name(why),
        dtls->alert);
}

void dtls_init(struct dtls *dtls, const struct env *env, struct dtls_identity *identity)
{
    memset(dtls, 0, sizeof *dtls);
    dtls->env = env;
    dtls->identity = identity;
    dtls->due = YODEL_NEVER;
    dtls->give_up = YODEL_NEVER;
}

void dtls_deinit(struct dtls *dtls)
{
    SSL_free(dtls->ssl);
    dtls->ssl = NULL;
    alloc_free(dtls->env->alloc, dtls->early);
    dtls->early = NULL;
    dtls->state = DTLS_CLOSED;
}

// RFC 6347 §4.2.4.1 begins with a second; RFC 9147 §5.8.2 and all browsers with far less, since ICE
// has measured the path.
static unsigned next_rto(SSL *ssl, unsigned rto_us)
{
    (void)ssl;
    if (rto_us == 0) {
        return (unsigned)DTLS_RTO_FIRST;
    }
    return rto_us * 2 < DTLS_RTO_MAX ? rto_us * 2 : (unsigned)DTLS_RTO_MAX;
}

// Takes libssl's deadline, which is a wait from its own now, over into ours.
static void update_due(struct dtls *dtls, yodel_time now)
{
    struct timeval left;

    dtls->due = YODEL_NEVER;
    if (dtls->state == DTLS_HANDSHAKING && DTLSv1_get_timeout(dtls->ssl, &left) == 1) {
        yodel_duration wait = YODEL_SECONDS(left.tv_sec) + (yodel_duration)left.tv_usec;

        dtls->due = time_after(now, wait > DTLS_TIMEOUT_MIN ? wait : DTLS_TIMEOUT_MIN);
    }
}

// The suite is known from ServerHello on. Until then the larger overhead is the safe guess.
static void note_suite(struct dtls *dtls)
{
    const SSL_CIPHER *pending = SSL_get_pending_cipher(dtls->ssl);
    const SSL_CIPHER *suite = pending ? pending : SSL_get_current_cipher(dtls->ssl);
    bool is_chacha = suite && SSL_CIPHER_get_cipher_nid(suite) == NID_chacha20_poly1305;

    dtls->overhead = is_chacha ? DTLS_RECORD_OVERHEAD_CHACHA : DTLS_RECORD_OVERHEAD_GCM;
}

// Lets libssl look at what is in wire.in, or begin. Whatever is not an error of libssl's own is
// patience.
static void shake_hands(struct dtls *dtls, bool is_sealed_alert)
{
    ERR_clear_error();
    int result = SSL_do_handshake(dtls->ssl);
    note_suite(dtls);
    if (result == 1) {
        // The callback has seen the certificate, or libssl would not be here.
        YODEL_ASSERT(dtls->trust.is_proven);
        if (SSL_get_extms_support(dtls->ssl) != 1) {
            fail(dtls, DTLS_FAILURE_PROTOCOL); // RFC 7627: without it, two sessions may share keys.
            return;
        }
        dtls->state = DTLS_CONNECTED;
        dtls->has_connected = true;
        log_debug(dtls->env, "dtls", "connected: %s", SSL_get_cipher_name(dtls->ssl));
        return;
    }
    if (SSL_get_error(dtls->ssl, result) != SSL_ERROR_SSL) {
        return;
    }
    log_debug(dtls->env, "dtls", "libssl: %s", ERR_reason_error_string(ERR_peek_error()));
    ERR_clear_error();
    fail(dtls, dtls->trust.is_refuted ? DTLS_FAILURE_FINGERPRINT
               : is_sealed_alert      ? DTLS_FAILURE_ALERT
                                      : DTLS_FAILURE_PROTOCOL);
}

enum yodel_err dtls_start(struct dtls *dtls, enum dtls_role role,
    const struct dtls_fingerprint *remote, size_t count, yodel_time now)
{
    if (dtls->state != DTLS_NEW) {
        return YODEL_ERR_INVALID_STATE;
    }
    if (count == 0 || count > DTLS_FINGERPRINTS_MAX) {
        return YODEL_ERR_RANGE;
    }
    dtls->ssl = dtls_identity_ssl_new(dtls->identity, &dtls->wire, &dtls->trust);
    if (!dtls->ssl) {
        return YODEL_ERR_NO_MEMORY;
    }
    memcpy(dtls->trust.promised, remote, count * sizeof *remote);
    dtls->trust.count = count;
    dtls->role = role;
    dtls->state = DTLS_HANDSHAKING;
    dtls->give_up = time_after(now, DTLS_PATIENCE);
    SSL_set_mtu(dtls->ssl, DTLS_MTU);
    DTLS_set_timer_cb(dtls->ssl, next_rto);
    if (role == DTLS_CLIENT) {
        SSL_set_connect_state(dtls->ssl);
    } else {
        SSL_set_accept_state(dtls->ssl);
    }
    shake_hands(dtls, false);
    update_due(dtls, now);
    return YODEL_OK;
}

void dtls_close(struct dtls *dtls)
{
    if (dtls->state == DTLS_CONNECTED) {
        (void)SSL_shutdown(dtls->ssl);
        ERR_clear_error();
    } else if (dtls->state == DTLS_HANDSHAKING) {
        dtls_wire_clear(&dtls->wire); // There is nobody to tell yet.
    }
    if (dtls->state != DTLS_FAILED) {
        dtls->state = DTLS_CLOSED;
    }
    dtls->due = YODEL_NEVER;
}

// Why libssl had no data for us: most often the record was a replay, forged, or a repeated
// Finished.
static void read_nothing(struct dtls *dtls, const struct dtls_record *record)
{
    if (SSL_want(dtls->ssl) == SSL_READING) {
        if (record->type != DTLS_RECORD_HANDSHAKE) {
            drop(dtls, DTLS_DROP_UNAUTHENTIC);
        }
    } else if (record->type == DTLS_RECORD_ALERT &&
               SSL_get_error(dtls->ssl, 0) == SSL_ERROR_ZERO_RETURN) {
        // RFC 5246 §7.2.1: answer a close_notify with ours.
        (void)SSL_shutdown(dtls->ssl);
        dtls->state = DTLS_CLOSED;
        dtls->has_closed = true;
    } else {
        fail(dtls, record->type == DTLS_RECORD_ALERT ? DTLS_FAILURE_ALERT : DTLS_FAILURE_PROTOCOL);
    }
    ERR_clear_error();
}

// The plaintext goes where the record was: libssl has copied that, and plaintext is shorter.
static void read_data(struct dtls *dtls, const struct dtls_record *record)
{
    struct span whole = record->whole;

    if (YODEL_UNLIKELY(dtls->data_count == DTLS_RECORDS_MAX)) {
        drop(dtls, DTLS_DROP_LIMIT);
        return;
    }
    if (YODEL_UNLIKELY(record->type != DTLS_RECORD_DATA)) {
        ERR_clear_error(); // Somebody else's in this thread would look like ours.
    }
    dtls->wire.in = bytes_of_span(whole);
    int len = SSL_read(dtls->ssl, whole.ptr, (int)whole.len);
    if (YODEL_LIKELY(len > 0)) {
        dtls->data[dtls->data_count++] = span_of(whole.ptr, (size_t)len);
    } else {
        read_nothing(dtls, record);
    }
}

static void keep_early(struct dtls *dtls, const struct dtls_record *record)
{
    struct dtls_early *early = dtls->early;

    if (!early) {
        early = dtls->early = alloc_new(dtls->env->alloc, sizeof *early);
    }
    if (!early || early->count == DTLS_EARLY_COUNT ||
        record->whole.len > DTLS_EARLY_SIZE - early->len) {
        drop(dtls, DTLS_DROP_LIMIT);
        return;
    }
    memcpy(early->records + early->len, record->whole.ptr, record->whole.len);
    early->lens[early->count++] = (uint16_t)record->whole.len;
    early->len += record->whole.len;
}

static void read_early(struct dtls *dtls)
{
    struct dtls_early *early = dtls->early;
    size_t offset = 0;

    for (uint32_t i = 0; early && i < early->count && dtls->state == DTLS_CONNECTED; i++) {
        struct span whole = span_of(early->records + offset, early->lens[i]);
        struct dtls_record record = {.type = DTLS_RECORD_DATA, .whole = whole};

        offset += whole.len;
        read_data(dtls, &record);
    }
}

// libssl keeps a replay window in epoch 0 too, and there anybody can move it: one forged record
// with a high sequence number, and all that the peer sends is old. Nothing authenticates these
// numbers, so we give our own, in the order of arrival.
static void renumber(struct dtls *dtls, struct span whole)
{
    store_u16(whole.ptr + DTLS_RECORD_SEQ_OFFSET, 0);
    store_u32(whole.ptr + DTLS_RECORD_SEQ_OFFSET + 2, dtls->plaintext_count++);
}

static void recv_handshaking(struct dtls *dtls, const struct dtls_record *record)
{
    if (record->type == DTLS_RECORD_DATA) {
        keep_early(dtls, record);
        return;
    }
    // libssl keeps what it has no key for yet, so there must not be much of it.
    if (record->epoch == 1 && dtls->sealed_early++ >= DTLS_SEALED_EARLY_MAX) {
        drop(dtls, DTLS_DROP_LIMIT);
        return;
    }
    if (record->epoch == 0) {
        renumber(dtls, record->whole);
    }
    dtls->wire.in = bytes_of_span(record->whole);
    shake_hands(dtls, record->type == DTLS_RECORD_ALERT);
    if (dtls->state == DTLS_CONNECTED) {
        read_early(dtls);
    }
}

static void recv_record(struct dtls *dtls, const struct dtls_record *record)
{
    enum dtls_drop why = dtls_record_judge(record, dtls->state == DTLS_CONNECTED, dtls->overhead);

    if (YODEL_UNLIKELY(why != DTLS_DROP_NONE)) {
        if (why == DTLS_DROP_ALERT && record->body.len == 2) {
            dtls->alert = record->body.ptr[1];
        }
        drop(dtls, why);
    } else if (YODEL_LIKELY(dtls->state == DTLS_CONNECTED)) {
        read_data(dtls, record);
    } else if (dtls->state == DTLS_HANDSHAKING) {
        recv_handshaking(dtls, record);
    } else {
        drop(dtls, DTLS_DROP_STATE);
    }
}

void dtls_recv(struct dtls *dtls, struct span datagram, yodel_time now)
{
    dtls->data_next = dtls->data_count = 0;
    if (YODEL_UNLIKELY(dtls->early && dtls->state == DTLS_CONNECTED)) {
        alloc_free(dtls->env->alloc, dtls->early); // Its events were taken, or are lost now.
        dtls->early = NULL;
    }
    while (datagram.len > 0) {
        struct dtls_record record;

        if (dtls_record_parse(&record, datagram) != YODEL_OK) {
            drop(dtls, DTLS_DROP_MALFORMED);
            break;
        }
        recv_record(dtls, &record);
        datagram = span_sub(datagram, record.whole.len, datagram.len);
    }
    dtls->wire.in = (struct bytes){0};
    if (dtls->state != DTLS_CONNECTED) {
        update_due(dtls, now);
    } else {
        dtls->due = YODEL_NEVER;
    }
}

void dtls_tick(struct dtls *dtls, yodel_time now)
{
    if (dtls->state != DTLS_HANDSHAKING) {
        return;
    }
    if (now >= dtls->give_up) {
        fail(dtls, DTLS_FAILURE_TIMEOUT);
        return;
    }
    if (now < dtls->due) {
        return;
    }
    dtls_wire_clear(&dtls->wire); // The flight that was never sent would be sent twice.
    ERR_clear_error();
    long result = DTLSv1_handle_timeout(dtls->ssl);
    if (result < 0) {
        ERR_clear_error();
        fail(dtls, DTLS_FAILURE_TIMEOUT);
        return;
    }
    dtls->stats.retransmissions += result > 0;
    update_due(dtls, now);
}

size_t dtls_emit(struct dtls *dtls, struct span room, yodel_time now)
{
    (void)now;
    return dtls_wire_emit(&dtls->wire, room);
}

yodel_time dtls_next_timeout(const struct dtls *dtls)
{
    return dtls->state == DTLS_HANDSHAKING ? time_min(dtls->due, dtls->give_up) : YODEL_NEVER;
}

// Gives an event once.
static bool take(bool *has)
{
    bool had = *has;

    *has = false;
    return had;
}

bool dtls_next_event(struct dtls *dtls, struct dtls_event *event)
{
    *event = (struct dtls_event){.type = DTLS_EVENT_CONNECTED};
    if (take(&dtls->has_connected)) {
        return true;
    }
    if (dtls->data_next < dtls->data_count) {
        event->type = DTLS_EVENT_DATA;
        event->data = dtls->data[dtls->data_next++];
        return true;
    }
    if (take(&dtls->has_closed)) {
        event->type = DTLS_EVENT_CLOSED;
        return true;
    }
    if (take(&dtls->has_failed)) {
        event->type = DTLS_EVENT_FAILED;
        event->failure = dtls->failure;
        event->alert = dtls->alert;
        return true;
    }
    return false;
}

size_t dtls_seal(struct dtls *dtls, struct span room, size_t len)
{
    if (YODEL_UNLIKELY(dtls->state != DTLS_CONNECTED || len == 0 || len > DTLS_DATA_MAX ||
                       room.len < len + DTLS_SEAL_OVERHEAD)) {
        return 0;
    }
    dtls->wire.room = room;
    dtls->wire.sealed = 0;
    int written = SSL_write(dtls->ssl, room.ptr + DTLS_SEAL_HEAD, (int)len);
    dtls->wire.room = (struct span){0};
    if (YODEL_UNLIKELY(written <= 0)) {
        ERR_clear_error();
        return 0;
    }
    return dtls->wire.sealed;
}

// ---- SRTP

#define SRTP_LABEL "EXTRACTOR-dtls_srtp" // RFC 5764 §4.2.

static const struct {
    uint16_t profile;
    size_t key_size, salt_size;
} srtp_profiles[] = {
    {SRTP_AES128_CM_SHA1_80, 16, 14},
    {SRTP_AEAD_AES_128_GCM, 16, 12},
    {SRTP_AEAD_AES_256_GCM, 32, 12},
};

// RFC 5764 §4.2: the client's key, the server's, and then their salts.
static void cut(struct dtls_srtp *keys, struct bytes exported, size_t key_size, bool is_client)
{
    size_t salt_size = keys->master_len - key_size;

    for (size_t i = 0; i < 2; i++) {
        uint8_t *master = (i == 0) == is_client ? keys->local : keys->remote;
        memcpy(master, exported.ptr + i * key_size, key_size);
        memcpy(master + key_size, exported.ptr + 2 * key_size + i * salt_size, salt_size);
    }
}

enum yodel_err dtls_export_srtp(const struct dtls *dtls, struct dtls_srtp *keys)
{
    uint8_t exported[2 * DTLS_SRTP_MASTER_MAX];
    size_t i = 0;

    if (dtls->state != DTLS_CONNECTED) {
        return YODEL_ERR_INVALID_STATE;
    }
    const SRTP_PROTECTION_PROFILE *agreed = SSL_get_selected_srtp_profile(dtls->ssl);
    while (agreed && i < COUNT(srtp_profiles) && srtp_profiles[i].profile != agreed->id) {
        i++;
    }
    if (!agreed || i == COUNT(srtp_profiles)) {
        return YODEL_ERR_NOT_FOUND;
    }
    size_t key_size = srtp_profiles[i].key_size;
    size_t master_len = key_size + srtp_profiles[i].salt_size;
    if (SSL_export_keying_material(dtls->ssl, exported, 2 * master_len, SRTP_LABEL,
            sizeof SRTP_LABEL - 1, NULL, 0, 0) != 1) {
        ERR_clear_error();
        return YODEL_ERR_NO_MEMORY; // libssl has no other reason left.
    }
    *keys = (struct dtls_srtp){.profile = srtp_profiles[i].profile, .master_len = master_len};
    cut(keys, bytes_of(exported, 2 * master_len), key_size, dtls->role == DTLS_CLIENT);
    secret_wipe_span(span_of(exported, sizeof exported));
    return YODEL_OK;
}

const char *dtls_failure_name(enum dtls_failure failure)
{
    static const char *const names[] = {
        [DTLS_FAILURE_NONE] = "none",
        [DTLS_FAILURE_FINGERPRINT] = "fingerprint",
        [DTLS_FAILURE_TIMEOUT] = "timeout",
        [DTLS_FAILURE_PROTOCOL] = "protocol",
        [DTLS_FAILURE_ALERT] = "alert",
    };
    YODEL_ASSERT(failure < COUNT(names));
    return names[failure];
}
