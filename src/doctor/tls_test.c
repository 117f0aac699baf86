// TLS: what is said of good and of bad certificates, by a libssl server in memory.

#include "doctor/tls.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

#define DAY 86400L

struct made {
    X509 *cert;
    EVP_PKEY *key;
};

static void add_name(X509 *cert, const char *alternative)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alternative);

    CHECK(extension != NULL);
    CHECK(X509_add_ext(cert, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static struct made make(
    const char *name, const char *alternative, long from, long to, const struct made *issuer)
{
    struct made made = {X509_new(), EVP_EC_gen("P-256")};

    X509_set_version(made.cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.cert), issuer ? 2 : 1);
    X509_gmtime_adj(X509_getm_notBefore(made.cert), from);
    X509_gmtime_adj(X509_getm_notAfter(made.cert), to);
    X509_set_pubkey(made.cert, made.key);
    X509_NAME *subject = X509_get_subject_name(made.cert);
    X509_NAME_add_entry_by_txt(
        subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(made.cert, issuer ? X509_get_subject_name(issuer->cert) : subject);
    if (alternative) {
        add_name(made.cert, alternative);
    } else {
        X509_EXTENSION *ca = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "CA:TRUE");
        X509_add_ext(made.cert, ca, -1);
        X509_EXTENSION_free(ca);
    }
    CHECK(X509_sign(made.cert, issuer ? issuer->key : made.key, EVP_sha256()) > 0);
    return made;
}

static void unmake(struct made *made)
{
    X509_free(made->cert);
    EVP_PKEY_free(made->key);
}

static void pump(struct doctor_tls *tls, SSL *server)
{
    uint8_t room[4096];

    for (int turns = 0; turns < 20; turns++) {
        size_t len;
        while ((len = doctor_tls_emit(tls, span_of(room, sizeof room))) > 0) {
            CHECK(BIO_write(SSL_get_rbio(server), room, (int)len) > 0);
        }
        (void)SSL_do_handshake(server);
        int got = BIO_read(SSL_get_wbio(server), room, sizeof room);
        if (got > 0) {
            doctor_tls_recv(tls, bytes_of(room, (size_t)got));
        }
    }
}

// Shakes hands with a server that has `made`, and `more` behind it.
static void look(struct doctor_tls *tls, const char *host, const struct made *made, X509 *more)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

    CHECK(SSL_CTX_use_certificate(context, made->cert) == 1);
    CHECK(SSL_CTX_use_PrivateKey(context, made->key) == 1);
    if (more) {
        CHECK(SSL_CTX_add1_chain_cert(context, more) == 1);
    }
    SSL *server = SSL_new(context);
    BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(server, in, out);
    SSL_set_accept_state(server);
    CHECK_EQ(doctor_tls_init(tls, host), YODEL_OK);
    pump(tls, server);
    SSL_free(server);
    SSL_CTX_free(context);
}

// The root that the system trusts, for the length of this test.
static struct made root;
static char root_file[] = "/tmp/yodel-doctor-root-XXXXXX";

static void trust_root(void)
{
    root = make("A root", NULL, -DAY, 365 * DAY, NULL);
    int fd = mkstemp(root_file);
    CHECK(fd >= 0);
    FILE *file = fdopen(fd, "w");
    CHECK(PEM_write_X509(file, root.cert) == 1);
    CHECK_EQ(fclose(file), 0);
    CHECK_EQ(setenv("SSL_CERT_FILE", root_file, 1), 0);
}

static void forget_root(void)
{
    CHECK_EQ(unlink(root_file), 0);
    unmake(&root);
}

static void each_fault_is_told(void)
{
    static const struct {
        const char *host, *alternative;
        long from, to;
        bool is_of_root, is_expired, is_early, is_other_name, is_self_signed;
    } cases[] = {
        {"a.example", "DNS:a.example", -DAY, 30 * DAY, true, false, false, false, false},
        {"b.a.example", "DNS:*.a.example", -DAY, 30 * DAY, true, false, false, false, false},
        {"127.0.0.1", "IP:127.0.0.1", -DAY, 30 * DAY, true, false, false, false, false},
        {"127.0.0.1", "DNS:a.example", -DAY, 30 * DAY, true, false, false, true, false},
        {"b.example", "DNS:a.example", -DAY, 30 * DAY, true, false, false, true, false},
        {"a.example", "DNS:a.example", -3 * DAY, -DAY, true, true, false, false, false},
        {"a.example", "DNS:a.example", DAY, 30 * DAY, true, false, true, false, false},
        {"a.example", "DNS:a.example", -DAY, 30 * DAY, false, false, false, false, true},
        {"b.example", "DNS:a.example", -3 * DAY, -DAY, false, true, false, true, true},
    };

    trust_root();
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct made made = make("leaf", cases[i].alternative, cases[i].from, cases[i].to,
            cases[i].is_of_root ? &root : NULL);
        struct doctor_tls tls;
        look(&tls, cases[i].host, &made, NULL);
        CHECK_EQ(tls.state, DOCTOR_TLS_OPEN);
        CHECK_EQ(tls.faults.is_expired, cases[i].is_expired);
        CHECK_EQ(tls.faults.is_not_yet_valid, cases[i].is_early);
        CHECK_EQ(tls.faults.is_of_another_name, cases[i].is_other_name);
        CHECK_EQ(tls.faults.is_self_signed, cases[i].is_self_signed);
        CHECK(!tls.faults.is_incomplete && !tls.faults.is_other);
        CHECK_TEXT(tls.subject, "leaf");
        CHECK_TEXT(tls.issuer, cases[i].is_of_root ? "A root" : "leaf");
        CHECK_EQ(tls.chain_len, 1);
        doctor_tls_deinit(&tls);
        unmake(&made);
    }
    forget_root();
}

static void a_missing_intermediate_is_told_and_the_earliest_end(void)
{
    struct made unknown = make("Unknown", NULL, -DAY, 5 * DAY, NULL);
    struct made made = make("leaf", "DNS:a.example", -DAY, 30 * DAY, &unknown);
    struct doctor_tls tls;

    look(&tls, "a.example", &made, NULL);
    CHECK(tls.faults.is_incomplete && !tls.faults.is_self_signed);
    int64_t end = tls.ends;
    doctor_tls_deinit(&tls);
    look(&tls, "a.example", &made, unknown.cert);
    CHECK(tls.faults.is_self_signed && !tls.faults.is_incomplete);
    CHECK_EQ(tls.chain_len, 2);
    CHECK(tls.ends < end - 24 * DAY);
    doctor_tls_deinit(&tls);
    unmake(&made);
    unmake(&unknown);
}

static void what_is_no_tls_fails_with_a_reason(void)
{
    static const char *const answers[] = {"HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-x\r\n",
        "\x15\x03\x03\x00\x02\x02\x28", "\x16\x03\x03\xff\xff                              "};

    for (size_t i = 0; i < COUNT(answers); i++) {
        struct doctor_tls tls;
        CHECK_EQ(doctor_tls_init(&tls, "a.example"), YODEL_OK);
        size_t len = i == 2 ? 7 : strlen(answers[i]);
        doctor_tls_recv(&tls, bytes_of(answers[i], len));
        CHECK_EQ(tls.state, DOCTOR_TLS_FAILED);
        CHECK(tls.why[0] != '\0');
        doctor_tls_deinit(&tls);
    }
}

TEST_MAIN(TEST(each_fault_is_told), TEST(a_missing_intermediate_is_told_and_the_earliest_end),
    TEST(what_is_no_tls_fails_with_a_reason))
