// ICE candidates: a transport address by which a peer may be reached, and the text that signals it.
//
// Implements  RFC 8445 §5.1.2 (priority), RFC 8839 §5.1 (candidate-attribute), RFC 6544 §4.2
//             (priority over TCP), §4.5 (tcptype)
// Not here    the lines around it in SDP (sdp/), who pairs it with what (ice/pair.h)
// Ownership   values; texts are NUL-terminated copies
// Limits      ICE_FOUNDATION_MAX, ICE_NAME_MAX, ICE_UFRAG_MAX and ICE_CANDIDATE_TEXT_MAX bytes

#ifndef ICE_CANDIDATE_H
#define ICE_CANDIDATE_H

#include "base/addr.h"
#include "base/bytes.h"
#include "base/err.h"

#define ICE_FOUNDATION_MAX 32 // RFC 8839 §5.1.
#define ICE_UFRAG_MAX 256     // RFC 8839 §5.4.
#define ICE_PWD_MAX 256
#define ICE_NAME_MAX 253 // A name of the DNS.
#define ICE_CANDIDATE_TEXT_MAX 1024
#define ICE_PRIORITY_MAX 0x7fffffffu // RFC 8839 §5.1: 1 to 2^31 - 1.
#define ICE_ACTIVE_PORT 9            // RFC 6544 §4.5: stands for one that is not known yet.

enum ice_type { ICE_HOST, ICE_SRFLX, ICE_PRFLX, ICE_RELAY };
enum ice_tcp_type { ICE_TCP_NONE, ICE_TCP_ACTIVE, ICE_TCP_PASSIVE, ICE_TCP_SO };

struct ice_candidate {
    char foundation[ICE_FOUNDATION_MAX + 1];
    uint32_t component; // 1 to 256; 1 is all that BUNDLE and rtcp-mux leave.
    enum yodel_transport transport;
    uint32_t priority;
    struct yodel_addr addr; // The port always; family YODEL_ADDR_NONE where `name` stands for it.
    char name[ICE_NAME_MAX + 1]; // A name (mDNS or DNS) in place of an IP address, else "".
    enum ice_type type;
    struct yodel_addr related; // Family YODEL_ADDR_NONE: not signalled, or a name.
    enum ice_tcp_type tcp_type;
    bool has_generation;
    uint32_t generation;           // A browser's extension; told apart by `ufrag` in truth.
    char ufrag[ICE_UFRAG_MAX + 1]; // Extension: whose generation this is; "" where unsaid.
};

// "candidate:…", with or without "a=" before it and a line end after it. Unknown extensions are
// skipped. YODEL_ERR_NOT_SUPPORTED for a transport or a type that nobody here knows: such a line is
// well formed and to be ignored (RFC 8839 §5.1). `candidate` is written only on YODEL_OK.
YODEL_MUST_USE enum yodel_err ice_candidate_parse(
    struct ice_candidate *candidate, struct bytes text);

// Writes "candidate:…", without "a=" and without a line end.
void ice_candidate_write(struct writer *w, const struct ice_candidate *candidate);

// RFC 8445 §5.1.2.1, with the type preferences recommended there.
uint32_t ice_candidate_priority(enum ice_type type, uint16_t local_preference, uint32_t component);

// RFC 6544 §4.2, of the one component that there is: below whatever is direct over UDP, and above
// what is relayed.
uint32_t ice_candidate_tcp_priority(
    enum ice_type type, enum ice_tcp_type tcp_type, uint16_t preference);

// RFC 8839 §5.1: what is said in place of a related address that is hidden.
struct yodel_addr ice_candidate_hidden(enum yodel_family family);

enum yodel_transport ice_candidate_transport(enum ice_tcp_type tcp_type);
const char *ice_candidate_type_name(enum ice_type type); // "host", "srflx", "prflx" or "relay".

// 1*n(ALPHA / DIGIT / "+" / "/"): what foundations are made of.
bool ice_candidate_is_chars(struct bytes text, size_t min, size_t max);

// The same for user fragments and passwords, and "-", "_", "=" and "#" too: there are stacks that
// use them, and src/sdp lets them pass as browsers do.
bool ice_candidate_is_credential(struct bytes text, size_t min, size_t max);

// Whether a resolver may be asked for `text`: labels of letters, digits, "-" and "_", and a last
// label that begins with a letter, for some resolvers read "127.1" and "0x7f000001" as addresses.
bool ice_candidate_is_name(struct bytes text);

// A name of multicast DNS (RFC 6762 §3), behind which browsers hide host addresses.
bool ice_candidate_is_local_name(const char *name);

#endif
