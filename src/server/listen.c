// Listen: plain sockets.

#include "server/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/sockaddr.h"

#define BACKLOG 4096 // Connections that wait to be accepted.

static bool parse_port(uint16_t *port, struct bytes text)
{
    uint32_t value = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || value > 6553) {
            return false;
        }
        value = value * 10 + (uint32_t)(text.ptr[i] - '0');
    }
    *port = (uint16_t)value;
    return text.len > 0 && value <= UINT16_MAX;
}

enum yodel_err server_listen_parse(struct yodel_addr *addr, const char *text)
{
    static const char localhost[] = "localhost:";
    struct yodel_addr every = {.family = YODEL_ADDR_V6};

    if (strncmp(text, localhost, sizeof localhost - 1) == 0) {
        *addr = addr_v4(127, 0, 0, 1, 0);
        struct bytes port = bytes_of_text(text + sizeof localhost - 1);
        return parse_port(&addr->port, port) ? YODEL_OK : YODEL_ERR_SYNTAX;
    }
    if (parse_port(&every.port, bytes_of_text(text[0] == ':' ? text + 1 : text))) {
        *addr = every;
        return YODEL_OK;
    }
    return addr_parse(addr, bytes_of_text(text));
}

// A bound socket. Every address takes IPv4 along: one socket for both.
static int bind_socket(struct yodel_addr *addr, int type, bool is_shared)
{
    struct sockaddr_storage storage;
    socklen_t len = sockaddr_write(&storage, addr);
    int fd = socket(storage.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1, off = 0;

    if (fd < 0) {
        return -1;
    }
    if (type == SOCK_STREAM) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        // Who is accepted has it too, without a call for each: small messages do not wait.
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (is_shared) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    }
    if (addr->family == YODEL_ADDR_V6 && addr_is_any(addr)) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    if (bind(fd, (struct sockaddr *)&storage, len) != 0 ||
        (type == SOCK_STREAM && listen(fd, BACKLOG) != 0) ||
        getsockname(fd, (struct sockaddr *)&storage, &(socklen_t){sizeof storage}) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    addr->port = sockaddr_parse((struct sockaddr *)&storage).port;
    return fd;
}

static int bind_any(struct yodel_addr *addr, int type)
{
    int fd = bind_socket(addr, type, false);

    if (fd < 0 && errno != EADDRINUSE && errno != EACCES && addr_is_any(addr) &&
        addr->family == YODEL_ADDR_V6) {
        *addr = addr_v4(0, 0, 0, 0, addr->port);
        fd = bind_socket(addr, type, false);
    }
    return fd;
}

static void explain(
    char why[SERVER_ERROR_MAX], const struct yodel_addr *addr, const char *kind, const char *flag)
{
    char text[ADDR_TEXT_MAX];
    unsigned port = addr->port;

    if (errno == EADDRINUSE) {
        snprintf(why, SERVER_ERROR_MAX,
            "%sport %u is taken by another program; stop it, or use %s with another port, for "
            "instance %s :%u",
            kind, port, flag, flag, port < 65535 ? port + 1 : 8080);
    } else if (errno == EACCES) {
        snprintf(why, SERVER_ERROR_MAX,
            "%sport %u needs privileges; use %s with a port from 1024, or give the program the "
            "capability CAP_NET_BIND_SERVICE",
            kind, port, flag);
    } else if (errno == EADDRNOTAVAIL) {
        snprintf(why, SERVER_ERROR_MAX,
            "this machine has no address %s; use %s :%u for all that it has",
            addr_ip_text(addr, text), flag, port);
    } else {
        snprintf(why, SERVER_ERROR_MAX, "cannot listen on %s%s: %s", kind, addr_text(addr, text),
            strerror(errno));
    }
}

int server_listen_udp(struct yodel_addr *addr, char why[SERVER_ERROR_MAX])
{
    int fd = bind_any(addr, SOCK_DGRAM);

    if (fd < 0) {
        explain(why, addr, "UDP ", "--udp");
    }
    return fd;
}

int server_listen_udp_shared(struct yodel_addr *addr, char why[SERVER_ERROR_MAX])
{
    int fd = bind_socket(addr, SOCK_DGRAM, true);

    if (fd < 0) {
        explain(why, addr, "UDP ", "--udp");
    }
    return fd;
}

int server_listen_tcp(struct yodel_addr *addr, const char *flag, char why[SERVER_ERROR_MAX])
{
    int fd = bind_any(addr, SOCK_STREAM);

    if (fd < 0) {
        explain(why, addr, "TCP ", flag);
    }
    return fd;
}
