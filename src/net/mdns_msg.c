// Multicast DNS messages.

#include "net/mdns_msg.h"

#define HEADER_SIZE 12
#define FLAG_RESPONSE 0x8000u
#define OPCODE_AND_RCODE 0x780fu
#define TYPE_A 1
#define TYPE_AAAA 28
#define CLASS_IN 1
#define CLASS_MASK 0x7fffu // §10.2: the top bit says that older answers are void.
#define LABEL_MAX 63

// ---- writing

static bool put_name(struct writer *w, const char *name)
{
    size_t total = strlen(name);

    if (total == 0 || total > MDNS_NAME_MAX - 3) { // A length before it, and the root after it.
        return false;
    }
    while (*name) {
        size_t len = strcspn(name, ".");
        if (len == 0 || len > LABEL_MAX) {
            return false;
        }
        put_u8(w, (uint8_t)len);
        put_bytes(w, bytes_of(name, len));
        name += len;
        if (*name == '.') {
            name++;
        }
    }
    put_u8(w, 0);
    return true;
}

enum yodel_err mdns_msg_put_query(struct writer *w, const char *name)
{
    static const uint16_t types[] = {TYPE_A, TYPE_AAAA};

    put_zeros(w, 4); // §18.1: the id is zero, and so is every flag of a query.
    put_u16(w, COUNT(types));
    put_zeros(w, 6);
    for (size_t i = 0; i < COUNT(types); i++) {
        if (!put_name(w, name)) {
            return YODEL_ERR_SYNTAX;
        }
        put_u16(w, types[i]);
        put_u16(w, CLASS_IN); // §5.4: the answer may go to the group, where caches hear it too.
    }
    return w->failed ? YODEL_ERR_TOO_LARGE : YODEL_OK;
}

// ---- reading

//   0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15      RFC 1035 §4.1.1
//  +-----------------------------------------------+
//  |  id                                           |
//  |QR|  opcode   |AA|TC|RD|RA|  zero  |   rcode   |
//  |  questions    /    answers                    |
//  |  authorities  /    additional records         |
//  +-----------------------------------------------+
//
//  A record: name, type (16), class (16), ttl (32), length (16), data.

static bool is_text(struct bytes label)
{
    for (size_t i = 0; i < label.len; i++) {
        if (label.ptr[i] <= ' ' || label.ptr[i] == '.' || label.ptr[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

// A name as it grows, label by label.
struct name {
    char *text; // MDNS_NAME_MAX long.
    size_t len;
    bool is_text;
};

static bool add_label(struct name *name, struct bytes label)
{
    if (name->len + label.len + 2 > MDNS_NAME_MAX) {
        return false;
    }
    if (name->len > 0) {
        name->text[name->len++] = '.';
    }
    memcpy(name->text + name->len, label.ptr, label.len);
    name->len += label.len;
    name->is_text = name->is_text && is_text(label);
    return true;
}

// §4.1.4: labels, until an empty one, or until a pointer to where the rest is. Each pointer must
// lead to before the labels that led to it: thus it ends.
static bool read_name(struct reader *r, struct bytes datagram, char text[MDNS_NAME_MAX])
{
    struct name name = {.text = text, .is_text = true};
    struct reader at = *r;
    size_t before = datagram.len - r->left;
    bool has_jumped = false;

    for (;;) {
        uint8_t len = read_u8(&at);
        if (len >= 0xc0) {
            size_t target = (size_t)(len & 0x3f) << 8 | read_u8(&at);
            if (at.failed || target >= before) {
                return false;
            }
            if (!has_jumped) {
                *r = at;
                has_jumped = true;
            }
            at = reader_of(bytes_sub(datagram, target, datagram.len));
            before = target;
            continue;
        }
        struct bytes label = read_bytes(&at, len);
        if (at.failed || len > LABEL_MAX || (len > 0 && !add_label(&name, label))) {
            return false;
        }
        if (len == 0) {
            break;
        }
    }
    if (!has_jumped) {
        *r = at;
    }
    text[name.is_text ? name.len : 0] = '\0';
    return true;
}

static bool read_record(struct reader *r, struct bytes datagram, struct mdns_msg *msg)
{
    struct mdns_record record = {.ttl = 0};

    if (!read_name(r, datagram, record.name)) {
        return false;
    }
    uint16_t type = read_u16(r);
    uint16_t class = read_u16(r) & CLASS_MASK;
    record.ttl = read_u32(r);
    uint16_t len = read_u16(r);
    struct bytes data = read_bytes(r, len);
    bool is_v4 = type == TYPE_A && data.len == 4;
    bool is_v6 = type == TYPE_AAAA && data.len == 16;

    if (!r->failed && class == CLASS_IN && (is_v4 || is_v6) &&
        msg->record_count < MDNS_RECORDS_MAX) {
        record.addr.family = is_v4 ? YODEL_ADDR_V4 : YODEL_ADDR_V6;
        memcpy(record.addr.ip, data.ptr, data.len);
        msg->records[msg->record_count++] = record;
    }
    return !r->failed;
}

enum yodel_err mdns_msg_parse(struct mdns_msg *msg, struct bytes datagram)
{
    struct reader r = reader_of(datagram);
    char skipped[MDNS_NAME_MAX];

    if (datagram.len > MDNS_DATAGRAM_MAX) {
        return YODEL_ERR_MALFORMED;
    }
    read_u16(&r);
    uint16_t flags = read_u16(&r);
    uint32_t questions = read_u16(&r);
    uint32_t records = read_u16(&r);
    records += read_u16(&r);
    records += read_u16(&r);
    // §18.3, §18.11: other opcodes, and errors, are silently ignored.
    if (r.failed || !(flags & FLAG_RESPONSE) || (flags & OPCODE_AND_RCODE)) {
        return YODEL_ERR_FOREIGN;
    }
    msg->record_count = 0;
    for (uint32_t i = 0; i < questions; i++) {
        if (!read_name(&r, datagram, skipped)) {
            return YODEL_ERR_MALFORMED;
        }
        read_u32(&r);
    }
    for (uint32_t i = 0; i < records; i++) {
        if (!read_record(&r, datagram, msg)) {
            return YODEL_ERR_MALFORMED;
        }
    }
    return r.failed ? YODEL_ERR_MALFORMED : YODEL_OK;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool mdns_msg_same_name(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}
