// STUN attributes: numbers, addresses and errors.
//
// Implements  RFC 8489 §14.1, §14.2, §14.8, §14.13

#include "stun/attr.h"

bool stun_attr_read_u32(const struct stun_msg *msg, uint16_t type, uint32_t *value)
{
    const struct stun_attr *attr = stun_msg_find(msg, type);

    if (!attr || attr->value.len != 4) {
        return false;
    }
    struct reader r = reader_of(attr->value);
    *value = read_u32(&r);
    return true;
}

bool stun_attr_read_u64(const struct stun_msg *msg, uint16_t type, uint64_t *value)
{
    const struct stun_attr *attr = stun_msg_find(msg, type);

    if (!attr || attr->value.len != 8) {
        return false;
    }
    struct reader r = reader_of(attr->value);
    *value = read_u64(&r);
    return true;
}

//   0                   1                   2                   3     RFC 8489 §14.8
//  +-----------------------------------------+-----+-------------+
//  |  reserved, 0                            |class|  number     |  and a reason in UTF-8
//  +-----------------------------------------+-----+-------------+

bool stun_attr_read_error(const struct stun_msg *msg, uint32_t *code)
{
    const struct stun_attr *attr = stun_msg_find(msg, STUN_ERROR_CODE);

    if (!attr || attr->value.len < 4) {
        return false;
    }
    uint32_t class = attr->value.ptr[2] & 7u;
    uint32_t number = attr->value.ptr[3];
    if (class < 3 || class > 6 || number > 99) {
        return false;
    }
    *code = class * 100 + number;
    return true;
}

// §14.2: the port is xored with the cookie's upper half, the address with the cookie and the id.
static void xor_addr(struct yodel_addr *addr, const uint8_t id[STUN_ID_SIZE])
{
    uint8_t mask[4 + STUN_ID_SIZE];

    store_u32(mask, STUN_COOKIE);
    memcpy(mask + 4, id, STUN_ID_SIZE);
    addr->port ^= (uint16_t)(STUN_COOKIE >> 16);
    for (size_t i = 0; i < (addr->family == YODEL_ADDR_V4 ? 4u : 16u); i++) {
        addr->ip[i] ^= mask[i];
    }
}

// RFC 8489 §14.15, RFC 5780 §7.3, §7.4: these have MAPPED-ADDRESS's form.
static bool is_plain(uint16_t type)
{
    return type == STUN_MAPPED_ADDRESS || type == STUN_ALTERNATE_SERVER ||
           type == STUN_RESPONSE_ORIGIN || type == STUN_OTHER_ADDRESS;
}

//   0                   1                   2                   3     RFC 8489 §14.1
//  +---------------+---------------+-------------------------------+
//  |  0            |  1: v4, 2: v6 |  port                         |  and 4 or 16 bytes of address
//  +---------------+---------------+-------------------------------+

bool stun_attr_read_addr(const struct stun_msg *msg, uint16_t type, struct yodel_addr *addr)
{
    const struct stun_attr *attr = stun_msg_find(msg, type);

    if (!attr) {
        return false;
    }
    struct reader r = reader_of(attr->value);
    (void)read_u8(&r);
    uint8_t family = read_u8(&r);
    struct yodel_addr parsed = {.port = read_u16(&r)};
    size_t ip_len = family == 1 ? 4 : 16;
    struct bytes ip = read_bytes(&r, ip_len);
    if (!reader_at_end(&r) || (family != 1 && family != 2)) {
        return false;
    }
    parsed.family = family == 1 ? YODEL_ADDR_V4 : YODEL_ADDR_V6;
    memcpy(parsed.ip, ip.ptr, ip_len);
    if (!is_plain(type)) {
        xor_addr(&parsed, msg->id);
    }
    *addr = parsed;
    return true;
}

void stun_attr_put_u32(struct writer *w, uint16_t type, uint32_t value)
{
    uint8_t *at = stun_msg_put_attr_room(w, type, 4);

    if (at) {
        store_u32(at, value);
    }
}

void stun_attr_put_u64(struct writer *w, uint16_t type, uint64_t value)
{
    uint8_t *at = stun_msg_put_attr_room(w, type, 8);

    if (at) {
        store_u32(at, (uint32_t)(value >> 32));
        store_u32(at + 4, (uint32_t)value);
    }
}

void stun_attr_put_error(struct writer *w, uint32_t code, const char *reason)
{
    struct bytes text = bytes_of_text(reason);
    uint8_t *at = stun_msg_put_attr_room(w, STUN_ERROR_CODE, 4 + text.len);

    if (at) {
        store_u16(at, 0);
        at[2] = (uint8_t)(code / 100);
        at[3] = (uint8_t)(code % 100);
        memcpy(at + 4, text.ptr, text.len);
    }
}

void stun_attr_put_addr(struct writer *w, uint16_t type, const struct yodel_addr *addr)
{
    bool is_v4 = addr->family == YODEL_ADDR_V4;
    size_t ip_len = is_v4 ? 4 : 16;
    uint8_t *at = stun_msg_put_attr_room(w, type, 4 + ip_len);

    if (at) {
        at[0] = 0;
        at[1] = is_v4 ? 1 : 2;
        store_u16(at + 2, addr->port);
        memcpy(at + 4, addr->ip, ip_len);
    }
}

void stun_attr_put_xor_addr(struct writer *w, uint16_t type, const struct yodel_addr *addr)
{
    struct yodel_addr masked = *addr;

    if (!w->failed) {
        xor_addr(&masked, w->start + STUN_HEADER_SIZE - STUN_ID_SIZE);
        stun_attr_put_addr(w, type, &masked);
    }
}

void stun_attr_put_unknown(struct writer *w, const uint16_t *types, size_t count)
{
    uint8_t *at = stun_msg_put_attr_room(w, STUN_UNKNOWN_ATTRIBUTES, 2 * count);

    for (size_t i = 0; at && i < count; i++) {
        store_u16(at + 2 * i, types[i]);
    }
}
