// ICE candidates: reading and writing the candidate attribute.
//
// Implements  RFC 8839 §5.1, RFC 8445 §5.1.2.1, RFC 6544 §4.2
// Departs     a host name is accepted for any type, a missing raddr too; both are seen in the field

#include "ice/candidate.h"

#include <strings.h>

#define TCP_OTHER_MAX 0x1fff // Thirteen bits.
#define HIDDEN_PORT 9

static const char *const type_names[] = {"host", "srflx", "prflx", "relay"};
static const char *const tcp_type_names[] = {"", "active", "passive", "so"};

static bool is_text(struct bytes token, const char *text)
{
    return token.len == strlen(text) && strncasecmp((const char *)token.ptr, text, token.len) == 0;
}

// One token and the single space after it; empty at the end of the line.
static struct bytes read_token(struct reader *r)
{
    size_t len = 0;

    while (len < r->left && r->pos[len] != ' ') {
        len++;
    }
    struct bytes token = read_bytes(r, len);
    if (r->left > 0) {
        (void)read_u8(r);
    }
    return token;
}

static bool parse_number(uint32_t *number, struct bytes token, uint32_t max)
{
    uint64_t value = 0;

    if (token.len == 0 || token.len > 10) {
        return false;
    }
    for (size_t i = 0; i < token.len; i++) {
        if (token.ptr[i] < '0' || token.ptr[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(token.ptr[i] - '0');
    }
    if (value > max) {
        return false;
    }
    *number = (uint32_t)value;
    return true;
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_made_of(struct bytes text, const char *others)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (!is_letter(c) && !is_digit(c) && !memchr(others, c, strlen(others))) {
            return false;
        }
    }
    return true;
}

bool ice_candidate_is_chars(struct bytes text, size_t min, size_t max)
{
    return text.len >= min && text.len <= max && is_made_of(text, "+/");
}

bool ice_candidate_is_credential(struct bytes text, size_t min, size_t max)
{
    return text.len >= min && text.len <= max && is_made_of(text, "+/-_=#");
}

bool ice_candidate_is_name(struct bytes text)
{
    uint8_t first = '.'; // Of the label at hand; a dot where it has not begun.

    if (text.len == 0 || text.len > ICE_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c == '.' && first == '.') {
            return false; // An empty label.
        }
        if (c != '.' && !is_letter(c) && !is_digit(c) && c != '-' && c != '_') {
            return false;
        }
        first = c == '.' || first == '.' ? c : first;
    }
    return is_letter(first);
}

bool ice_candidate_is_local_name(const char *name)
{
    static const char suffix[] = ".local";
    size_t len = strlen(name);

    return len >= sizeof suffix && strcasecmp(name + len - (sizeof suffix - 1), suffix) == 0;
}

static void copy_text(char *room, struct bytes text)
{
    memcpy(room, text.ptr, text.len);
    room[text.len] = '\0';
}

static bool parse_address(struct ice_candidate *candidate, struct bytes token, uint16_t port)
{
    if (addr_parse_ip(&candidate->addr, token) == YODEL_OK) {
        candidate->addr.port = port;
        candidate->addr = addr_unmap(&candidate->addr);
        return true;
    }
    if (!ice_candidate_is_name(token)) {
        return false;
    }
    copy_text(candidate->name, token);
    candidate->addr.port = port;
    return true;
}

// Where `token` stands among `names`, or `count`.
static size_t index_of(struct bytes token, const char *const *names, size_t count)
{
    size_t i = 0;

    while (i < count && !is_text(token, names[i])) {
        i++;
    }
    return i;
}

static bool parse_related(struct ice_candidate *candidate, struct bytes value)
{
    struct yodel_addr addr = {0};

    // Of use to people only: a name is as good as an address, and then not kept.
    if (addr_parse_ip(&addr, value) == YODEL_OK) {
        addr.port = candidate->related.port;
        candidate->related = addr;
        return true;
    }
    return ice_candidate_is_name(value);
}

static bool parse_extension(struct ice_candidate *candidate, struct bytes name, struct bytes value)
{
    uint32_t number = 0;

    if (is_text(name, "raddr")) {
        return parse_related(candidate, value);
    }
    if (is_text(name, "rport")) {
        if (!parse_number(&number, value, UINT16_MAX)) {
            return false;
        }
        candidate->related.port = (uint16_t)number;
    } else if (is_text(name, "tcptype")) {
        size_t i = index_of(value, tcp_type_names, COUNT(tcp_type_names));
        if (i == 0 || i == COUNT(tcp_type_names)) {
            return false;
        }
        candidate->tcp_type = (enum ice_tcp_type)i;
    } else if (is_text(name, "generation")) {
        candidate->has_generation = parse_number(&candidate->generation, value, UINT32_MAX);
    } else if (is_text(name, "ufrag")) {
        if (!ice_candidate_is_credential(value, 1, ICE_UFRAG_MAX)) {
            return false;
        }
        copy_text(candidate->ufrag, value);
    }
    return true;
}

static bool parse_extensions(struct ice_candidate *candidate, struct reader *r)
{
    while (r->left > 0) {
        struct bytes name = read_token(r);
        struct bytes value = read_token(r);
        if (!parse_extension(candidate, name, value)) {
            return false;
        }
    }
    if (candidate->related.family == YODEL_ADDR_NONE) {
        candidate->related = (struct yodel_addr){0};
    }
    // RFC 6544 §4.5: a TCP candidate always says which end connects, a UDP candidate never.
    return (candidate->transport == YODEL_TCP) == (candidate->tcp_type != ICE_TCP_NONE);
}

static struct bytes trim(struct bytes text)
{
    static const char prefix[] = "a=";

    if (text.len >= 2 && memcmp(text.ptr, prefix, 2) == 0) {
        text = bytes_sub(text, 2, text.len);
    }
    while (text.len > 0 && (text.ptr[text.len - 1] == '\r' || text.ptr[text.len - 1] == '\n' ||
                               text.ptr[text.len - 1] == ' ')) {
        text.len--;
    }
    return text;
}

static bool is_printable(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < ' ' || text.ptr[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

//  candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.0.1 rport 46154 …
//            foundation|component    | address     |port                    extensions, in pairs
//                        transport priority

enum yodel_err ice_candidate_parse(struct ice_candidate *candidate, struct bytes text)
{
    static const char *const transports[] = {"udp", "tcp"};
    static const char prefix[] = "candidate:";
    struct ice_candidate parsed = {0};
    uint32_t port = 0;

    text = trim(text);
    if (text.len > ICE_CANDIDATE_TEXT_MAX || !is_printable(text)) {
        return YODEL_ERR_SYNTAX;
    }
    struct reader r = reader_of(text);
    if (!is_text(read_bytes(&r, sizeof prefix - 1), prefix)) {
        return YODEL_ERR_SYNTAX;
    }
    struct bytes foundation = read_token(&r);
    struct bytes component = read_token(&r);
    size_t transport = index_of(read_token(&r), transports, COUNT(transports));
    struct bytes priority = read_token(&r);
    struct bytes address = read_token(&r);
    bool has_port = parse_number(&port, read_token(&r), UINT16_MAX);
    bool has_typ = is_text(read_token(&r), "typ");
    size_t type = index_of(read_token(&r), type_names, COUNT(type_names));

    if (!ice_candidate_is_chars(foundation, 1, ICE_FOUNDATION_MAX) ||
        !parse_number(&parsed.component, component, 256) || parsed.component == 0 ||
        !parse_number(&parsed.priority, priority, ICE_PRIORITY_MAX) || parsed.priority == 0 ||
        !has_port || !has_typ || !parse_address(&parsed, address, (uint16_t)port)) {
        return YODEL_ERR_SYNTAX;
    }
    if (transport == COUNT(transports) || type == COUNT(type_names)) {
        return YODEL_ERR_NOT_SUPPORTED;
    }
    copy_text(parsed.foundation, foundation);
    parsed.transport = (enum yodel_transport)transport;
    parsed.type = (enum ice_type)type;
    if (!parse_extensions(&parsed, &r)) {
        return YODEL_ERR_SYNTAX;
    }
    if (port == 0 && parsed.tcp_type != ICE_TCP_ACTIVE) {
        return YODEL_ERR_SYNTAX; // Only who connects needs no port of its own.
    }
    *candidate = parsed;
    return YODEL_OK;
}

void ice_candidate_write(struct writer *w, const struct ice_candidate *candidate)
{
    bool is_tcp = candidate->transport == YODEL_TCP;
    char room[ADDR_TEXT_MAX];

    put_format(w, "candidate:%s %u %s %u %s %u typ %s", candidate->foundation, candidate->component,
        is_tcp ? "tcp" : "udp", candidate->priority,
        candidate->name[0] ? candidate->name : addr_ip_text(&candidate->addr, room),
        candidate->addr.port, ice_candidate_type_name(candidate->type));
    if (candidate->related.family != YODEL_ADDR_NONE) {
        put_format(w, " raddr %s rport %u", addr_ip_text(&candidate->related, room),
            candidate->related.port);
    }
    if (is_tcp) {
        put_format(w, " tcptype %s", tcp_type_names[candidate->tcp_type]);
    }
    if (candidate->has_generation) {
        put_format(w, " generation %u", candidate->generation);
    }
    if (candidate->ufrag[0]) {
        put_format(w, " ufrag %s", candidate->ufrag);
    }
}

uint32_t ice_candidate_priority(enum ice_type type, uint16_t local_preference, uint32_t component)
{
    static const uint32_t preferences[] = {126, 100, 110, 0}; // RFC 8445 §5.1.2.2.

    return preferences[type] << 24 | (uint32_t)local_preference << 8 | (256 - component);
}

//  direction (3) | which interface (13)      the local preference, RFC 6544 §4.2
//
//                                  active  passive  simultaneous open
//  host, relayed                      6       4             2
//  server- and peer-reflexive         4       2             6
static uint16_t tcp_preference(enum ice_type type, enum ice_tcp_type tcp_type, uint16_t preference)
{
    static const uint16_t from_host[] = {0, 6, 4, 2}, reflexive[] = {0, 4, 2, 6};
    bool is_reflexive = type == ICE_SRFLX || type == ICE_PRFLX;
    uint16_t direction = is_reflexive ? reflexive[tcp_type] : from_host[tcp_type];
    uint16_t lowest = UINT16_MAX - TCP_OTHER_MAX; // The best interfaces differ here too.

    return (uint16_t)(direction << 13 | (preference > lowest ? preference - lowest : 0));
}

uint32_t ice_candidate_tcp_priority(
    enum ice_type type, enum ice_tcp_type tcp_type, uint16_t preference)
{
    // Chromium's numbers for host and peer-reflexive ones: the RFC leaves them open.
    static const uint32_t preferences[] = {90, 70, 80, 0};

    return preferences[type] << 24 | (uint32_t)tcp_preference(type, tcp_type, preference) << 8 |
           255;
}

struct yodel_addr ice_candidate_hidden(enum yodel_family family)
{
    return (struct yodel_addr){.family = family, .port = HIDDEN_PORT};
}

enum yodel_transport ice_candidate_transport(enum ice_tcp_type tcp_type)
{
    return tcp_type == ICE_TCP_NONE ? YODEL_UDP : YODEL_TCP;
}

const char *ice_candidate_type_name(enum ice_type type)
{
    return type_names[type];
}
