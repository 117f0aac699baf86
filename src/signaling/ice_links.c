// ICE servers in Link fields.

#include "signaling/ice_links.h"

#include "base/port.h"

// The parameters that are asked for. Of each, the first counts.
enum param { REL, USERNAME, CREDENTIAL, CREDENTIAL_TYPE, PARAMS };

static const char *const param_names[PARAMS] = {"rel", "username", "credential", "credential-type"};

struct value {
    bool is_there;
    bool is_cut; // Longer than its room.
    size_t len;
    char text[SIGNALING_ICE_CREDENTIAL_MAX];
};

struct link {
    struct bytes target;
    struct value params[PARAMS];
};

// ---- reading

static uint8_t peek(const struct reader *r)
{
    return r->left > 0 ? r->pos[0] : 0;
}

static bool take(struct reader *r, char wanted)
{
    bool is_it = r->left > 0 && r->pos[0] == (uint8_t)wanted;

    (void)read_bytes(r, is_it ? 1 : 0);
    return is_it;
}

static void skip_space(struct reader *r)
{
    while (take(r, ' ') || take(r, '\t')) {
    }
}

static bool is_token(uint8_t c)
{
    uint8_t lower = c | 0x20;

    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
           (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static struct bytes read_token(struct reader *r)
{
    const uint8_t *start = r->pos;
    size_t len = 0;

    while (len < r->left && is_token(start[len])) {
        len++;
    }
    return read_bytes(r, len);
}

static void put_char(struct value *value, uint8_t c)
{
    if (value && value->len < sizeof value->text - 1) {
        value->text[value->len++] = (char)c;
        value->text[value->len] = '\0';
    } else if (value) {
        value->is_cut = true;
    }
}

// RFC 9110 §5.6.4; a NUL would end a text of ours, so there is none. `value` may be NULL.
static bool read_quoted(struct reader *r, struct value *value)
{
    while (r->left > 0 && !take(r, '"')) {
        (void)take(r, '\\');
        uint8_t c = read_u8(r);
        if (c == 0) {
            return false;
        }
        put_char(value, c);
        if (r->left == 0) {
            return false; // Not closed.
        }
    }
    return !r->failed;
}

static struct value *find_param(struct link *link, struct bytes name)
{
    for (int i = 0; i < PARAMS; i++) {
        struct bytes wanted = bytes_of_text(param_names[i]);
        bool is_it = name.len == wanted.len;
        for (size_t j = 0; is_it && j < name.len; j++) {
            is_it = (name.ptr[j] | (wanted.ptr[j] == '-' ? 0 : 0x20)) == wanted.ptr[j];
        }
        if (is_it) {
            return link->params[i].is_there ? NULL : &link->params[i];
        }
    }
    return NULL;
}

static bool read_param(struct reader *r, struct link *link)
{
    skip_space(r);
    struct bytes name = read_token(r);
    if (name.len == 0) {
        return peek(r) == ';' || peek(r) == ',' || r->left == 0; // An empty one does no harm.
    }
    struct value *value = find_param(link, name);
    if (value) {
        value->is_there = true;
    }
    skip_space(r);
    if (!take(r, '=')) {
        return true;
    }
    skip_space(r);
    if (take(r, '"')) {
        return read_quoted(r, value);
    }
    struct bytes text = read_token(r);
    for (size_t i = 0; i < text.len; i++) {
        put_char(value, text.ptr[i]);
    }
    return text.len > 0;
}

// <target>; name=value; …
static bool read_link(struct reader *r, struct link *link)
{
    if (!take(r, '<')) {
        return false;
    }
    const uint8_t *end = r->left > 0 ? memchr(r->pos, '>', r->left) : NULL;
    if (!end) {
        return false;
    }
    link->target = read_bytes(r, (size_t)(end - r->pos));
    (void)take(r, '>');
    skip_space(r);
    while (take(r, ';')) {
        if (!read_param(r, link)) {
            return false;
        }
        skip_space(r);
    }
    return r->left == 0 || peek(r) == ',';
}

// After a link that made no sense: the next comma that no quotes hold.
static void skip_to_comma(struct reader *r)
{
    while (r->left > 0 && peek(r) != ',') {
        if (read_u8(r) == '"') {
            (void)read_quoted(r, NULL);
        }
    }
}

// ---- what is wanted of them

static bool equals(struct bytes text, const char *lower)
{
    size_t len = strlen(lower);
    bool is_it = text.len == len;

    for (size_t i = 0; is_it && i < len; i++) {
        is_it = (text.ptr[i] | (lower[i] == '-' ? 0 : 0x20)) == (uint8_t)lower[i];
    }
    return is_it;
}

// A list of relations with spaces between them.
static bool is_ice_server(const struct value *rel)
{
    for (size_t start = 0, i = 0; i <= rel->len; i++) {
        if (i == rel->len || rel->text[i] == ' ') {
            if (equals(bytes_of(rel->text + start, i - start), "ice-server")) {
                return true;
            }
            start = i + 1;
        }
    }
    return false;
}

static bool copy(char *room, size_t size, const void *text, size_t len)
{
    if (len >= size) {
        return false;
    }
    memcpy(room, text, len);
    room[len] = '\0';
    return true;
}

static bool is_url(struct bytes target, const char *scheme)
{
    size_t len = strlen(scheme);

    for (size_t i = 0; i < target.len; i++) {
        if (target.ptr[i] <= ' ' || target.ptr[i] > '~') {
            return false;
        }
    }
    return target.len > len && memcmp(target.ptr, scheme, len) == 0;
}

static void add(struct signaling_ice_links *links, const struct link *link)
{
    struct signaling_ice_link server = {0};
    const struct value *name = &link->params[USERNAME], *credential = &link->params[CREDENTIAL],
                       *type = &link->params[CREDENTIAL_TYPE];
    bool is_relay = is_url(link->target, "turn:") || is_url(link->target, "turns:");
    bool has_password = name->len > 0 && credential->len > 0 && !credential->is_cut &&
                        (!type->is_there || equals(bytes_of(type->text, type->len), "password"));

    if (links->count == SIGNALING_ICE_LINKS_MAX || !is_ice_server(&link->params[REL]) ||
        !(is_relay ? has_password : is_url(link->target, "stun:")) ||
        !copy(server.url, sizeof server.url, link->target.ptr, link->target.len)) {
        return;
    }
    if (is_relay) {
        if (!copy(server.username, sizeof server.username, name->text, name->len)) {
            return;
        }
        (void)copy(server.credential, sizeof server.credential, credential->text, credential->len);
    }
    links->items[links->count++] = server;
}

void signaling_ice_links_take(struct signaling_ice_links *links, struct bytes field)
{
    struct reader r = reader_of(field);

    while (r.left > 0) {
        struct link link = {0};
        skip_space(&r);
        if (read_link(&r, &link)) {
            add(links, &link);
        }
        skip_to_comma(&r);
        (void)take(&r, ',');
    }
}
