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

static bool bind_to(int fd, struct yodel_addr *local)
{
    struct sockaddr_storage storage;
    socklen_t len = sockaddr_write(&storage, local);
    uint32_t scope_id = local->scope_id;

    if (bind(fd, (struct sockaddr *)&storage, len) != 0) {
        return false;
    }
    len = sizeof storage;
    if (getsockname(fd, (struct sockaddr *)&storage, &len) != 0) {
        return false;
    }
    *local = sockaddr_parse((struct sockaddr *)&storage);
    local->scope_id = scope_id;
    return true;
}

int socket_open_udp(struct yodel_addr *local)
{
    int fd = socket(local->family == YODEL_ADDR_V6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);

    if (fd < 0) {
        return -1;
    }
    if (!prepare(fd, local) || !bind_to(fd, local)) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
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
