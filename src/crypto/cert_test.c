// Certificates: what is in them, that PEM gives them back, and what PEM is refused.

#include "crypto/cert.h"

#include <openssl/x509.h>

#include "check.h"
#include "crypto/cert_native.h"

#define WALL 1700000000u

static void it_is_a_p256_certificate_signed_by_itself(void)
{
    struct crypto_cert *cert = NULL;

    CHECK_EQ(crypto_cert_new(alloc_system(), WALL, &cert), YODEL_OK);
    X509 *x509 = crypto_cert_x509(cert);
    CHECK_EQ(X509_verify(x509, crypto_cert_key(cert)), 1);
    CHECK_EQ(X509_get_version(x509), 2);
    CHECK_EQ(X509_NAME_cmp(X509_get_subject_name(x509), X509_get_issuer_name(x509)), 0);
    CHECK_EQ(X509_get_signature_nid(x509), NID_ecdsa_with_SHA256);
    CHECK_EQ(EVP_PKEY_get_bits(crypto_cert_key(cert)), 256);
    crypto_cert_free(cert);
}

static void its_dates_come_from_the_callers_clock(void)
{
    struct crypto_cert *cert = NULL;

    CHECK_EQ(crypto_cert_new(alloc_system(), WALL, &cert), YODEL_OK);
    X509 *x509 = crypto_cert_x509(cert);
    CHECK_EQ(ASN1_TIME_cmp_time_t(X509_get0_notBefore(x509), WALL - 86400), 0);
    CHECK_EQ(ASN1_TIME_cmp_time_t(X509_get0_notAfter(x509), WALL + 30 * 86400), 0);
    crypto_cert_free(cert);
    CHECK_EQ(crypto_cert_new(alloc_system(), UINT64_MAX, &cert), YODEL_ERR_RANGE);
}

static void no_two_are_alike(void)
{
    struct crypto_cert *a = NULL, *b = NULL;
    uint8_t hash_a[CRYPTO_SHA256_SIZE], hash_b[CRYPTO_SHA256_SIZE];

    CHECK_EQ(crypto_cert_new(alloc_system(), WALL, &a), YODEL_OK);
    CHECK_EQ(crypto_cert_new(alloc_system(), WALL, &b), YODEL_OK);
    crypto_cert_fingerprint(a, hash_a);
    crypto_cert_fingerprint(b, hash_b);
    CHECK(memcmp(hash_a, hash_b, sizeof hash_a) != 0);
    CHECK(ASN1_INTEGER_cmp(X509_get0_serialNumber(crypto_cert_x509(a)),
              X509_get0_serialNumber(crypto_cert_x509(b))) != 0);
    crypto_cert_free(a);
    crypto_cert_free(b);
}

static void pem_gives_back_the_same_certificate(void)
{
    struct crypto_cert *cert = NULL, *back = NULL;
    uint8_t hash[CRYPTO_SHA256_SIZE], hash_back[CRYPTO_SHA256_SIZE];
    uint8_t pem[CRYPTO_CERT_PEM_MAX];
    size_t len = 0;

    CHECK_EQ(crypto_cert_new(alloc_system(), WALL, &cert), YODEL_OK);
    CHECK_EQ(crypto_cert_write_pem(cert, span_of(pem, sizeof pem), &len), YODEL_OK);
    CHECK_EQ(crypto_cert_parse_pem(alloc_system(), bytes_of(pem, len), &back), YODEL_OK);
    crypto_cert_fingerprint(cert, hash);
    crypto_cert_fingerprint(back, hash_back);
    CHECK_BYTES(bytes_of(hash, sizeof hash), bytes_of(hash_back, sizeof hash_back));
    CHECK_EQ(crypto_cert_write_pem(cert, span_of(pem, len - 1), &len), YODEL_ERR_TOO_LARGE);
    crypto_cert_free(cert);
    crypto_cert_free(back);
}

static void pem_that_is_cut_or_mixed_is_refused(void)
{
    struct crypto_cert *a = NULL, *b = NULL, *back = NULL;
    uint8_t pem_a[CRYPTO_CERT_PEM_MAX], pem_b[CRYPTO_CERT_PEM_MAX];
    size_t len_a = 0, len_b = 0;

    CHECK_EQ(crypto_cert_new(alloc_system(), WALL, &a), YODEL_OK);
    CHECK_EQ(crypto_cert_new(alloc_system(), WALL, &b), YODEL_OK);
    CHECK_EQ(crypto_cert_write_pem(a, span_of(pem_a, sizeof pem_a), &len_a), YODEL_OK);
    CHECK_EQ(crypto_cert_write_pem(b, span_of(pem_b, sizeof pem_b), &len_b), YODEL_OK);
    // The last line's own newline may be missing; nothing else may.
    for (size_t len = 0; len < len_a - 1; len++) {
        CHECK_EQ(
            crypto_cert_parse_pem(alloc_system(), bytes_of(pem_a, len), &back), YODEL_ERR_SYNTAX);
    }
    // The key of one before the certificate of the other.
    const uint8_t *own = memmem(pem_a, len_a, "-----BEGIN CERT", 15);
    const uint8_t *other = memmem(pem_b, len_b, "-----BEGIN CERT", 15);
    size_t key_len = (size_t)(own - pem_a), cert_len = len_b - (size_t)(other - pem_b);
    memcpy(pem_a + key_len, other, cert_len);
    CHECK_EQ(crypto_cert_parse_pem(alloc_system(), bytes_of(pem_a, key_len + cert_len), &back),
        YODEL_ERR_SYNTAX);
    CHECK(!back);
    crypto_cert_free(a);
    crypto_cert_free(b);
}

TEST_MAIN(TEST(it_is_a_p256_certificate_signed_by_itself),
    TEST(its_dates_come_from_the_callers_clock), TEST(no_two_are_alike),
    TEST(pem_gives_back_the_same_certificate), TEST(pem_that_is_cut_or_mixed_is_refused))
