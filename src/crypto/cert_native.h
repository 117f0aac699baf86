// What is inside a certificate, for the modules that give it to libssl.
//
// Ownership   borrowed from the certificate

#ifndef CRYPTO_CERT_NATIVE_H
#define CRYPTO_CERT_NATIVE_H

#include <openssl/types.h>

#include "crypto/cert.h"

EVP_PKEY *crypto_cert_key(const struct crypto_cert *cert);
X509 *crypto_cert_x509(const struct crypto_cert *cert);

#endif
