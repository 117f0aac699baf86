// TLS: libssl between two memory BIOs, and a verification that goes on.

#include "doctor/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "base/addr.h"

// ---- faults

static void note(struct doctor_tls_faults *faults, int error)
{
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        faults->is_expired = true;
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        faults->is_not_yet_valid = true;
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        faults->is_of_another_name = true;
        break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        faults->is_self_signed = true;
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        faults->is_incomplete = true;
        break;
    default:
        faults->is_other = true;
        break;
    }
}

static int on_verify(int is_fine, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct doctor_tls *tls = SSL_get_app_data(ssl);
    int error = X509_STORE_CTX_get_error(store);

    if (!is_fine) {
        note(&tls->faults, error);
        if (tls->text[0] == '\0') {
            (void)snprintf(tls->text, sizeof tls->text, "%s", X509_verify_cert_error_string(error));
        }
    }
    return 1; // On to the next fault.
}

// ---- what the certificates say

static void name_text(X509_NAME *name, char text[DOCTOR_TLS_TEXT_MAX])
{
    if (X509_NAME_get_text_by_NID(name, NID_commonName, text, DOCTOR_TLS_TEXT_MAX) <= 0) {
        (void)X509_NAME_oneline(name, text, DOCTOR_TLS_TEXT_MAX);
    }
}

static int64_t seconds_of(const ASN1_TIME *time)
{
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;

    bool is_known = epoch && ASN1_TIME_diff(&days, &seconds, epoch, time) == 1;
    ASN1_TIME_free(epoch);
    return is_known ? (int64_t)days * 86400 + seconds : 0;
}

static void read_chain(struct doctor_tls *tls)
{
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(tls->ssl);
    int count = chain ? sk_X509_num(chain) : 0;

    tls->chain_len = (uint32_t)count;
    tls->version = SSL_get_version(tls->ssl);
    for (int i = 0; i < count && i < DOCTOR_TLS_CHAIN_MAX; i++) {
        X509 *cert = sk_X509_value(chain, i);
        int64_t ends = seconds_of(X509_get0_notAfter(cert));
        if (i == 0 || ends < tls->ends) {
            tls->ends = ends;
        }
        if (i == 0) {
            name_text(X509_get_subject_name(cert), tls->subject);
            name_text(X509_get_issuer_name(cert), tls->issuer);
        }
    }
}

// ---- the handshake

static void shake(struct doctor_tls *tls)
{
    int result = SSL_do_handshake(tls->ssl);

    if (result == 1) {
        tls->state = DOCTOR_TLS_OPEN;
        read_chain(tls);
    } else if (SSL_get_error(tls->ssl, result) != SSL_ERROR_WANT_READ) {
        const char *reason = ERR_reason_error_string(ERR_peek_error());
        tls->state = DOCTOR_TLS_FAILED;
        (void)snprintf(tls->why, sizeof tls->why, "%s", reason ? reason : "it broke off");
    }
    ERR_clear_error();
}

static bool set_host(struct doctor_tls *tls, const char *host)
{
    struct yodel_addr addr;

    if (addr_parse_ip(&addr, bytes_of_text(host)) == YODEL_OK) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls->ssl), host) == 1;
    }
    return SSL_set1_host(tls->ssl, host) == 1 &&
           SSL_set_tlsext_host_name(tls->ssl, (void *)(uintptr_t)host) == 1;
}

static bool set_up(struct doctor_tls *tls, const char *host)
{
    tls->context = SSL_CTX_new(TLS_client_method());
    if (!tls->context) {
        return false;
    }
    (void)SSL_CTX_set_default_verify_paths(tls->context); // Without them nothing is trusted.
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, on_verify);
    tls->ssl = SSL_new(tls->context);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    if (!tls->ssl || !in || !out) {
        BIO_free(in);
        BIO_free(out);
        return false;
    }
    BIO_set_mem_eof_return(in, -1); // Nothing there is "not yet", not the end.
    SSL_set_bio(tls->ssl, in, out);
    SSL_set_app_data(tls->ssl, tls);
    SSL_set_connect_state(tls->ssl);
    return set_host(tls, host);
}

enum yodel_err doctor_tls_init(struct doctor_tls *tls, const char *host)
{
    *tls = (struct doctor_tls){.version = ""};
    if (!set_up(tls, host)) {
        doctor_tls_deinit(tls);
        ERR_clear_error();
        return YODEL_ERR_NO_MEMORY;
    }
    shake(tls);
    return YODEL_OK;
}

void doctor_tls_deinit(struct doctor_tls *tls)
{
    SSL_free(tls->ssl);
    SSL_CTX_free(tls->context);
    tls->ssl = NULL;
    tls->context = NULL;
}

// ---- bytes

void doctor_tls_recv(struct doctor_tls *tls, struct bytes data)
{
    (void)BIO_write(SSL_get_rbio(tls->ssl), data.ptr, (int)data.len);
    if (tls->state == DOCTOR_TLS_SHAKING) {
        shake(tls);
    }
}

size_t doctor_tls_emit(struct doctor_tls *tls, struct span room)
{
    int len = BIO_read(SSL_get_wbio(tls->ssl), room.ptr, (int)room.len);

    return len > 0 ? (size_t)len : 0;
}

void doctor_tls_write(struct doctor_tls *tls, struct bytes plain)
{
    (void)SSL_write(tls->ssl, plain.ptr, (int)plain.len);
    ERR_clear_error();
}

size_t doctor_tls_read(struct doctor_tls *tls, struct span room)
{
    int len = SSL_read(tls->ssl, room.ptr, (int)room.len);

    ERR_clear_error();
    return len > 0 ? (size_t)len : 0;
}
