// Multicast DNS messages.

#include "net/mdns_msg.h"

#define HEADER_SIZE 12
#define FLAG_RESPONSE 0x8000u
#define OPCODE_AND_RCODE 0x780fu
#define FLAG_AUTHORITATIVE 0x0400u
#define CLASS_IN 1
#define CLASS_ANY 255
#define CLASS_FLUSH 0x8000u
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
    static const uint16_t types[] = {MDNS_TYPE_A, MDNS_TYPE_AAAA};

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

enum yodel_err mdns_msg_put_response(struct writer *w, const struct mdns_response *response)
{
    bool is_v4 = response->addr->family == YODEL_ADDR_V4;
    const struct mdns_question *question = response->question;

    put_u16(w, response->id);
    put_u16(w, FLAG_RESPONSE | FLAG_AUTHORITATIVE); // §18.2, §18.4.
    put_u16(w, question ? 1 : 0);
    put_u16(w, 1);
    put_zeros(w, 4);
    if (question) {
        if (!put_name(w, question->name)) {
            return YODEL_ERR_SYNTAX;
        }
        put_u16(w, question->type);
        put_u16(w, CLASS_IN);
    }
    if (!put_name(w, response->name)) {
        return YODEL_ERR_SYNTAX;
    }
    put_u16(w, is_v4 ? MDNS_TYPE_A : MDNS_TYPE_AAAA);
    put_u16(w, question ? CLASS_IN : CLASS_IN | CLASS_FLUSH); // §6.7, §10.2.
    put_u32(w, response->ttl);
    put_u16(w, is_v4 ? 4 : 16);
    put_bytes(w, bytes_of(response->addr->ip, is_v4 ? 4 : 16));
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
    bool is_v4 = type == MDNS_TYPE_A && data.len == 4;
    bool is_v6 = type == MDNS_TYPE_AAAA && data.len == 16;

    if (!r->failed && class == CLASS_IN && (is_v4 || is_v6) &&
        msg->record_count < MDNS_RECORDS_MAX) {
        record.addr.family = is_v4 ? YODEL_ADDR_V4 : YODEL_ADDR_V6;
        memcpy(record.addr.ip, data.ptr, data.len);
        msg->records[msg->record_count++] = record;
    }
    return !r->failed;
}

struct header {
    uint16_t id;
    uint16_t flags;
    uint32_t questions;
    uint32_t answers;
    uint32_t others; // Authorities and additional records.
};

// §18.3, §18.11: other opcodes, and errors, are silently ignored.
static enum yodel_err read_header(struct reader *r, struct header *header, bool is_response)
{
    header->id = read_u16(r);
    header->flags = read_u16(r);
    header->questions = read_u16(r);
    header->answers = read_u16(r);
    header->others = read_u16(r);
    header->others += read_u16(r);
    if (r->failed || (header->flags & OPCODE_AND_RCODE) ||
        ((header->flags & FLAG_RESPONSE) != 0) != is_response) {
        return YODEL_ERR_FOREIGN;
    }
    return YODEL_OK;
}

static bool read_records(
    struct reader *r, struct bytes datagram, uint32_t count, struct mdns_msg *msg)
{
    msg->record_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!read_record(r, datagram, msg)) {
            return false;
        }
    }
    return !r->failed;
}

enum yodel_err mdns_msg_parse(struct mdns_msg *msg, struct bytes datagram)
{
    struct reader r = reader_of(datagram);
    char skipped[MDNS_NAME_MAX];
    struct header header;

    if (datagram.len > MDNS_DATAGRAM_MAX) {
        return YODEL_ERR_MALFORMED;
    }
    enum yodel_err err = read_header(&r, &header, true);
    if (err != YODEL_OK) {
        return err;
    }
    for (uint32_t i = 0; i < header.questions; i++) {
        if (!read_name(&r, datagram, skipped)) {
            return YODEL_ERR_MALFORMED;
        }
        read_u32(&r);
    }
    return read_records(&r, datagram, header.answers + header.others, msg) ? YODEL_OK
                                                                           : YODEL_ERR_MALFORMED;
}

static bool read_question(struct reader *r, struct bytes datagram, struct mdns_query_msg *msg)
{
    struct mdns_question question;

    if (!read_name(r, datagram, question.name)) {
        return false;
    }
    question.type = read_u16(r);
    uint16_t class = read_u16(r);
    question.wants_unicast = class & CLASS_FLUSH; // §5.4: in a question the bit means that.
    class &= CLASS_MASK;
    if (!r->failed && (class == CLASS_IN || class == CLASS_ANY) &&
        msg->question_count < MDNS_QUESTIONS_MAX) {
        msg->questions[msg->question_count++] = question;
    }
    return !r->failed;
}

enum yodel_err mdns_msg_parse_query(struct mdns_query_msg *msg, struct bytes datagram)
{
    struct reader r = reader_of(datagram);
    struct header header;

    if (datagram.len > MDNS_DATAGRAM_MAX) {
        return YODEL_ERR_MALFORMED;
    }
    enum yodel_err err = read_header(&r, &header, false);
    if (err != YODEL_OK) {
        return err;
    }
    msg->id = header.id;
    msg->question_count = 0;
    for (uint32_t i = 0; i < header.questions; i++) {
        if (!read_question(&r, datagram, msg)) {
            return YODEL_ERR_MALFORMED;
        }
    }
    return read_records(&r, datagram, header.answers, &msg->known) ? YODEL_OK : YODEL_ERR_MALFORMED;
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
