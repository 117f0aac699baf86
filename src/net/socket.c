// Sockets, the POSIX way.

#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include "net/sockaddr.h"

static bool prepare(int fd, const struct yodel_addr *local)
{
    int flags = fcntl(fd, F_GETFL);
    int on = 1;

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
        return false;
    }
    return local->family != YODEL_ADDR_V6 ||
           setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0;
}

static bool bind_to(int fd, const struct yodel_addr *local)
{
    struct sockaddr_storage storage;
    socklen_t len = sockaddr_write(&storage, local);

    return bind(fd, (struct sockaddr *)&storage, len) == 0;
}

static int close_and_fail(int fd)
{
    int why = errno;

    close(fd);
    errno = why;
    return -1;
}

static int open_socket(const struct yodel_addr *addr, int type)
{
    int fd = socket(addr->family == YODEL_ADDR_V6 ? AF_INET6 : AF_INET, type, 0);

    return fd < 0 || prepare(fd, addr) ? fd : close_and_fail(fd);
}

// Binds, and learns the port.
static int bind_socket(int fd, struct yodel_addr *local)
{
    if (fd < 0) {
        return -1;
    }
    if (!bind_to(fd, local)) {
        return close_and_fail(fd);
    }
    local->port = socket_local(fd).port;
    return fd;
}

int socket_open_udp(struct yodel_addr *local)
{
    return bind_socket(open_socket(local, SOCK_DGRAM), local);
}

int socket_listen_tcp(struct yodel_addr *local)
{
    int fd = open_socket(local, SOCK_STREAM);
    int on = 1;

    if (fd >= 0) { // A port whose last connections still fade away is free.
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    fd = bind_socket(fd, local);
    return fd < 0 || listen(fd, SOCKET_BACKLOG) == 0 ? fd : close_and_fail(fd);
}

void socket_share_port(int fd)
{
    int on = 1;

    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
}

static int connect_tcp(
    const struct yodel_addr *local, const struct yodel_addr *remote, bool is_shared)
{
    struct sockaddr_storage to;
    socklen_t len = sockaddr_write(&to, remote);
    int fd = open_socket(remote, SOCK_STREAM);

    if (fd < 0) {
        return -1;
    }
    if (is_shared) {
        socket_share_port(fd);
    }
    if (local->family == remote->family && !bind_to(fd, local)) {
        return close_and_fail(fd);
    }
    if (connect(fd, (struct sockaddr *)&to, len) != 0 && errno != EINPROGRESS) {
        return close_and_fail(fd);
    }
    return fd;
}

int socket_connect_tcp(const struct yodel_addr *local, const struct yodel_addr *remote)
{
    return connect_tcp(local, remote, false);
}

int socket_connect_tcp_shared(const struct yodel_addr *local, const struct yodel_addr *remote)
{
    return connect_tcp(local, remote, true);
}

int socket_accept(int fd)
{
    int accepted = accept(fd, NULL, NULL);
    struct yodel_addr any = {.family = YODEL_ADDR_V4};

    return accepted < 0 || prepare(accepted, &any) ? accepted : close_and_fail(accepted);
}

struct yodel_addr socket_local(int fd)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof storage;

    (void)getsockname(fd, (struct sockaddr *)&storage, &len);
    return sockaddr_parse((struct sockaddr *)&storage);
}

struct yodel_addr socket_remote(int fd)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof storage;

    (void)getpeername(fd, (struct sockaddr *)&storage, &len);
    return sockaddr_parse((struct sockaddr *)&storage);
}

void socket_close(int fd)
{
    close(fd);
}

void socket_grow_buffers(int fd, int bytes)
{
    // The system cuts this down to its own limit without a word.
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}
