// Certificates over libcrypto: make, hash, write, read.

#include "crypto/cert.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "base/assert.h"
#include "crypto/cert_native.h"
#include "crypto/secret.h"

#define SECONDS_A_DAY 86400
#define CERT_SERIAL_SIZE 16 // RFC 5280 §4.1.2.2: positive and at most 20 bytes.
#define CERT_VERSION_3 2    // X.509 counts versions from 0.
#define CERT_COMMON_NAME "yodel"
#define CERT_WALL_MAX 253402300799u - CRYPTO_CERT_DAYS *SECONDS_A_DAY // The end of the year 9999.

struct crypto_cert {
    struct alloc *alloc;
    EVP_PKEY *key;
    X509 *x509;
};

EVP_PKEY *crypto_cert_key(const struct crypto_cert *cert)
{
    return cert->key;
}

X509 *crypto_cert_x509(const struct crypto_cert *cert)
{
    return cert->x509;
}

void crypto_cert_free(struct crypto_cert *cert)
{
    if (!cert) {
        return;
    }
    EVP_PKEY_free(cert->key);
    X509_free(cert->x509);
    alloc_free(cert->alloc, cert);
}

// Takes over both, and frees them where it fails.
static enum yodel_err cert_wrap(
    struct alloc *alloc, EVP_PKEY *key, X509 *x509, struct crypto_cert **out)
{
    struct crypto_cert *cert = alloc_new(alloc, sizeof *cert);

    if (!cert) {
        EVP_PKEY_free(key);
        X509_free(x509);
        return YODEL_ERR_NO_MEMORY;
    }
    *cert = (struct crypto_cert){alloc, key, x509};
    *out = cert;
    return YODEL_OK;
}

// A random positive number, so that two certificates of one name are never taken for each other.
static bool set_serial(X509 *x509)
{
    uint8_t serial[CERT_SERIAL_SIZE];

    if (RAND_bytes(serial, sizeof serial) != 1) {
        return false;
    }
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
    BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
    bool done = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509));
    BN_free(number);
    return done;
}

static bool set_names(X509 *x509)
{
    X509_NAME *name = X509_get_subject_name(x509);

    return X509_NAME_add_entry_by_txt(
               name, "CN", MBSTRING_ASC, (const unsigned char *)CERT_COMMON_NAME, -1, -1, 0) == 1 &&
           X509_set_issuer_name(x509, name) == 1;
}

static bool set_validity(X509 *x509, uint64_t wall_seconds)
{
    time_t from = (time_t)wall_seconds - CRYPTO_CERT_DAYS_EARLY * SECONDS_A_DAY;
    time_t until = (time_t)wall_seconds + CRYPTO_CERT_DAYS * SECONDS_A_DAY;

    return ASN1_TIME_set(X509_getm_notBefore(x509), from) &&
           ASN1_TIME_set(X509_getm_notAfter(x509), until);
}

enum yodel_err crypto_cert_new(struct alloc *alloc, uint64_t wall_seconds, struct crypto_cert **out)
{
    if (wall_seconds > CERT_WALL_MAX) {
        return YODEL_ERR_RANGE;
    }
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x509 = X509_new();

    if (key && x509 && X509_set_version(x509, CERT_VERSION_3) == 1 && set_serial(x509) &&
        set_names(x509) && set_validity(x509, wall_seconds) && X509_set_pubkey(x509, key) == 1 &&
        X509_sign(x509, key, EVP_sha256()) > 0) {
        return cert_wrap(alloc, key, x509, out);
    }
    ERR_clear_error();
    EVP_PKEY_free(key);
    X509_free(x509);
    return YODEL_ERR_NO_MEMORY; // With these arguments, libcrypto has no other reason.
}

void crypto_cert_fingerprint(const struct crypto_cert *cert, uint8_t out[CRYPTO_SHA256_SIZE])
{
    unsigned len = 0;
    int done = X509_digest(cert->x509, EVP_sha256(), out, &len);

    YODEL_ASSERT(done == 1 && len == CRYPTO_SHA256_SIZE);
}

enum yodel_err crypto_cert_write_pem(const struct crypto_cert *cert, struct span room, size_t *len)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    enum yodel_err err = YODEL_ERR_NO_MEMORY;

    if (bio && PEM_write_bio_PrivateKey(bio, cert->key, NULL, NULL, 0, NULL, NULL) == 1 &&
        PEM_write_bio_X509(bio, cert->x509) == 1) {
        size_t text_len = (size_t)BIO_get_mem_data(bio, &text);

        err = text_len <= room.len ? YODEL_OK : YODEL_ERR_TOO_LARGE;
        if (err == YODEL_OK) {
            memcpy(room.ptr, text, text_len);
            *len = text_len;
        }
        secret_wipe_span(span_of(text, text_len));
    }
    ERR_clear_error();
    BIO_free(bio);
    return err;
}

// An encrypted key is refused; libcrypto would ask for the password on the terminal.
static int no_password(char *room, int room_len, int writing, void *ctx)
{
    (void)room, (void)room_len, (void)writing, (void)ctx;
    return -1;
}

static bool is_p256(EVP_PKEY *key)
{
    char group[32];

    return EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

static enum yodel_err read_pem(BIO *bio, EVP_PKEY **key, X509 **x509)
{
    *key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    *x509 = *key ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;
    if (!*x509) {
        return YODEL_ERR_SYNTAX;
    }
    if (!is_p256(*key)) {
        return YODEL_ERR_NOT_SUPPORTED;
    }
    return X509_check_private_key(*x509, *key) == 1 ? YODEL_OK : YODEL_ERR_SYNTAX;
}

enum yodel_err crypto_cert_parse_pem(
    struct alloc *alloc, struct bytes pem, struct crypto_cert **out)
{
    EVP_PKEY *key = NULL;
    X509 *x509 = NULL;

    if (pem.len == 0 || pem.len > CRYPTO_CERT_PEM_MAX) {
        return YODEL_ERR_SYNTAX;
    }
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    enum yodel_err err = bio ? read_pem(bio, &key, &x509) : YODEL_ERR_NO_MEMORY;
    BIO_free(bio);
    ERR_clear_error();
    if (err == YODEL_OK) {
        return cert_wrap(alloc, key, x509, out);
    }
    EVP_PKEY_free(key);
    X509_free(x509);
    return err;
}
