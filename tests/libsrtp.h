// libsrtp2, loaded apart: its functions have the names of ours.
//
// Not here    anything that ships

#ifndef TESTS_LIBSRTP_H
#define TESTS_LIBSRTP_H

#include <stdbool.h>
#include <stdint.h>

struct libsrtp;

// `profile` is a value of use_srtp; `master` key and salt. NULL where the library cannot be loaded.
struct libsrtp *libsrtp_new(uint16_t profile, const uint8_t *master, bool is_sender);
void libsrtp_free(struct libsrtp *session);

// In place; false where the library refuses.
bool libsrtp_protect(struct libsrtp *session, bool is_rtcp, uint8_t *packet, int *len);
bool libsrtp_unprotect(struct libsrtp *session, bool is_rtcp, uint8_t *packet, int *len);

#endif
