// Socket addresses: ours to the system's, and back.

#include "net/sockaddr.h"

#include <netinet/in.h>

socklen_t sockaddr_write(struct sockaddr_storage *to, const struct yodel_addr *addr)
{
    if (addr->family == YODEL_ADDR_V4) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(addr->port)};

        memcpy(&v4.sin_addr, addr->ip, 4);
        memcpy(to, &v4, sizeof v4);
        return sizeof v4;
    }
    if (addr->family == YODEL_ADDR_V6) {
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
            .sin6_port = htons(addr->port),
            .sin6_scope_id = addr->scope_id};

        memcpy(&v6.sin6_addr, addr->ip, 16);
        memcpy(to, &v6, sizeof v6);
        return sizeof v6;
    }
    return 0;
}

struct yodel_addr sockaddr_parse(const struct sockaddr *from)
{
    struct yodel_addr addr = {0};

    if (from->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, from, sizeof v4);
        addr.family = YODEL_ADDR_V4;
        addr.port = ntohs(v4.sin_port);
        memcpy(addr.ip, &v4.sin_addr, 4);
    } else if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;

        memcpy(&v6, from, sizeof v6);
        addr.family = YODEL_ADDR_V6;
        addr.port = ntohs(v6.sin6_port);
        memcpy(addr.ip, &v6.sin6_addr, 16);
        addr.scope_id = addr_is_link_local(&addr) ? v6.sin6_scope_id : 0;
        return addr_unmap(&addr);
    }
    return addr;
}
