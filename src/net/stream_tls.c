// TLS over a socket: a BIO of our own, so that no write raises a signal and no read goes on forever.

#include "net/stream_tls.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/socket.h>

#define READ_BUFFER (32u * 1024) // Two whole records.

// ---- the socket, as libssl sees it

static int bio_write(BIO *bio, const char *data, size_t len, size_t *written)
{
    struct stream_tls *tls = BIO_get_data(bio);
    int more = tls->has_more ? MSG_MORE : 0;
    ssize_t sent = send(tls->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT | more);

    BIO_clear_retry_flags(bio);
    if (sent >= 0) {
        *written = (size_t)sent;
        return 1;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        tls->wants_room = true;
        BIO_set_retry_write(bio);
    } else {
        tls->error = errno;
    }
    return 0;
}

static int bio_read(BIO *bio, char *room, size_t size, size_t *len)
{
    struct stream_tls *tls = BIO_get_data(bio);
    ssize_t got = -1;

    BIO_clear_retry_flags(bio);
    errno = EAGAIN;
    if (tls->reads_left > 0) {
        tls->reads_left--;
        got = recv(tls->fd, room, size, MSG_DONTWAIT);
    }
    if (got > 0) {
        tls->reads_left = (size_t)got < size ? 0 : tls->reads_left; // There was no more.
        *len = (size_t)got;
        return 1;
    }
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        BIO_set_retry_read(bio);
    } else if (got < 0) {
        tls->error = errno;
    } else {
        tls->has_ended = true;
    }
    return 0;
}

static long bio_control(BIO *bio, int command, long number, void *ptr)
{
    (void)bio;
    (void)number;
    (void)ptr;
    return command == BIO_CTRL_FLUSH; // Nothing is kept back. Of the rest there is none.
}

static BIO_METHOD *new_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "yodel stream");

    if (method && (BIO_meth_set_write_ex(method, bio_write) != 1 ||
                      BIO_meth_set_read_ex(method, bio_read) != 1 ||
                      BIO_meth_set_ctrl(method, bio_control) != 1)) {
        BIO_meth_free(method);
        return NULL;
    }
    return method;
}

// ---- beginning and ending

struct ssl_ctx_st *stream_tls_new(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (context) {
        (void)SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION); // RFC 9325 §3.1.1.
        // Where the system has no store, nobody is trusted, and who connects is told so.
        (void)SSL_CTX_set_default_verify_paths(context);
    }
    ERR_clear_error();
    return context;
}

void stream_tls_free(struct ssl_ctx_st *context)
{
    SSL_CTX_free(context);
}

static bool begin(struct stream_tls *tls, int fd, SSL_CTX *context)
{
    *tls = (struct stream_tls){.fd = fd, .ssl = SSL_new(context), .method = new_method()};
    BIO *bio = tls->ssl && tls->method ? BIO_new(tls->method) : NULL;
    if (!bio) {
        stream_tls_close(tls);
        return false;
    }
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio);
    // The queue moves when it grows; an idle connection needs no buffers; one system call may bring
    // many records.
    SSL_set_mode(tls->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                               SSL_MODE_RELEASE_BUFFERS);
    SSL_set_read_ahead(tls->ssl, 1);
    SSL_set_default_read_buffer_len(tls->ssl, READ_BUFFER);
    (void)SSL_set_min_proto_version(tls->ssl, TLS1_2_VERSION);
    return true;
}

// RFC 9525 §6: an IP address is looked for among the certificate's addresses, a name among its
// names, and only a whole label may be a wildcard.
static bool expect_host(SSL *ssl, const char *host)
{
    struct yodel_addr ip;
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

    X509_VERIFY_PARAM_set_hostflags(
        param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (addr_parse_ip(&ip, bytes_of_text(host)) == YODEL_OK) {
        size_t len = ip.family == YODEL_ADDR_V4 ? 4 : 16;
        return X509_VERIFY_PARAM_set1_ip(param, ip.ip, len) == 1;
    }
    // RFC 6066 §3: SNI holds names only. Libssl copies it, and does not say so.
    void *name = (void *)(uintptr_t)host;
    return SSL_set_tlsext_host_name(ssl, name) == 1 && SSL_set1_host(ssl, host) == 1;
}

// RFC 7301 §3.1: each name behind its length.
static bool offer_alpn(SSL *ssl, const char *alpn)
{
    uint8_t list[64];
    size_t len = alpn ? strlen(alpn) : 0;

    if (len == 0 || len >= sizeof list) {
        return len == 0;
    }
    list[0] = (uint8_t)len;
    memcpy(list + 1, alpn, len);
    return SSL_set_alpn_protos(ssl, list, (unsigned int)len + 1) == 0;
}

bool stream_tls_connect(
    struct stream_tls *tls, int fd, const struct stream_target *target, const char *host)
{
    if (!begin(tls, fd, target->tls)) {
        return false;
    }
    SSL_set_connect_state(tls->ssl);
    SSL_set_verify(tls->ssl, target->is_insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (expect_host(tls->ssl, host) && offer_alpn(tls->ssl, target->alpn)) {
        return true;
    }
    stream_tls_close(tls);
    ERR_clear_error();
    return false;
}

bool stream_tls_accept(struct stream_tls *tls, int fd, struct ssl_ctx_st *context)
{
    if (!begin(tls, fd, context)) {
        return false;
    }
    SSL_set_accept_state(tls->ssl);
    return true;
}

void stream_tls_end(struct stream_tls *tls)
{
    if (tls->ssl && tls->error == 0 && SSL_is_init_finished(tls->ssl) &&
        !(SSL_get_shutdown(tls->ssl) & SSL_SENT_SHUTDOWN)) {
        (void)SSL_shutdown(tls->ssl); // Where there is room.
    }
}

void stream_tls_close(struct stream_tls *tls)
{
    stream_tls_end(tls);
    SSL_free(tls->ssl);
    BIO_meth_free(tls->method);
    ERR_clear_error();
    tls->ssl = NULL;
    tls->method = NULL;
}

void stream_tls_visit(struct stream_tls *tls)
{
    tls->reads_left = STREAM_TLS_READS;
}

// ---- the verbs

static enum stream_io outcome(struct stream_tls *tls, int result)
{
    if (result == 1) {
        return STREAM_IO_DONE;
    }
    int error = SSL_get_error(tls->ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        return STREAM_IO_AGAIN;
    }
    tls->reason = ERR_peek_error();
    ERR_clear_error();
    // An end without close_notify is one too: whoever cuts a stream off could also cut its wire.
    if (error == SSL_ERROR_ZERO_RETURN || (tls->has_ended && tls->error == 0)) {
        return STREAM_IO_END;
    }
    // After a failure libssl must not be asked for a close_notify.
    tls->error = tls->error != 0 ? tls->error : -1;
    return STREAM_IO_FAILED;
}

enum stream_io stream_tls_shake(struct stream_tls *tls)
{
    ERR_clear_error();
    return outcome(tls, SSL_do_handshake(tls->ssl));
}

enum stream_io stream_tls_read(struct stream_tls *tls, struct span room, size_t *len)
{
    size_t total = 0, got = 0;
    int result = 1;

    ERR_clear_error();
    while (total < room.len && result == 1) {
        result = SSL_read_ex(tls->ssl, room.ptr + total, room.len - total, &got);
        total += result == 1 ? got : 0;
    }
    *len = total;
    return total > 0 ? STREAM_IO_DONE : outcome(tls, result); // A misfortune comes again.
}

enum stream_io stream_tls_write(struct stream_tls *tls, struct bytes data, size_t *len)
{
    ERR_clear_error();
    *len = 0;
    return outcome(tls, SSL_write_ex(tls->ssl, data.ptr, data.len, len));
}

// ---- why

static void explain_certificate(long verdict, struct span text)
{
    const char *why = X509_verify_cert_error_string(verdict);

    switch (verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        why = "it is for another name";
        break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        why = "it is self-signed, and not one that this system trusts";
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        why = "this system does not know who signed it (or the server leaves out the certificates "
              "between)";
        break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        why = "it has expired, or this machine's clock is wrong";
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        why = "it is not valid yet, or this machine's clock is wrong";
        break;
    default:
        break;
    }
    (void)snprintf((char *)text.ptr, text.len, "its certificate is not accepted: %s", why);
}

void stream_tls_explain(const struct stream_tls *tls, struct span text)
{
    long verdict = tls->ssl ? SSL_get_verify_result(tls->ssl) : X509_V_OK;
    const char *reason = ERR_reason_error_string(tls->reason);

    if (ERR_GET_REASON(tls->reason) == SSL_R_CERTIFICATE_VERIFY_FAILED && verdict != X509_V_OK) {
        explain_certificate(verdict, text);
    } else {
        (void)snprintf((char *)text.ptr, text.len, "TLS failed: %s", reason ? reason : "no reason");
    }
}
