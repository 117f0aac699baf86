// Another SCTP, usrsctp, behind a few functions: its header and ours use the same names, so that no
// file includes both.
//
// Not here    anything that the library uses: the tests link it where it is installed
// Threads     none; virtual time in milliseconds

#ifndef SCTP_USRSCTP_FIXTURE_H
#define SCTP_USRSCTP_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct oracle_seen {
    size_t messages;
    size_t bytes;
    size_t resets;      // Of our streams.
    size_t resets_done; // Of its own.
    bool is_connected;
    bool has_ended;
    bool is_wrong; // A message was not the pattern.
};

// Each byte of a test message, from its place.
static inline uint8_t oracle_pattern(size_t i)
{
    return (uint8_t)(i * 31 + (i >> 8) * 7);
}

void oracle_init(void (*output)(const void *data, size_t len));
void oracle_connect(void);
void oracle_recv(const void *data, size_t len);
void oracle_step(uint32_t elapsed_ms);
bool oracle_send(uint16_t stream, const void *data, size_t len, bool unordered, bool may_be_lost);
void oracle_reset_stream(uint16_t stream);
void oracle_shutdown(void);
struct oracle_seen oracle_seen(void);
void oracle_deinit(void);

#endif
