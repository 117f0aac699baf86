// Sockets: what every socket of ours needs, whatever moves its bytes.
//
// Ownership   the caller closes the descriptor

#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include "base/addr.h"

#define SOCKET_BACKLOG 128

// A non-blocking UDP socket bound to `local`, which gets the port that the system chose. -1, with
// errno, where there is none.
int socket_open_udp(struct yodel_addr *local);

// The same for a TCP socket that listens.
int socket_listen_tcp(struct yodel_addr *local);

// A non-blocking TCP socket on its way to `remote`: writable once it is there, or has failed. It
// leaves from `local`, where that is an address of the same family. -1, with errno.
int socket_connect_tcp(const struct yodel_addr *local, const struct yodel_addr *remote);

// The same from the port where a socket of ours listens, which said so with socket_share_port: after it
// was opened, so that nobody else had it.
int socket_connect_tcp_shared(const struct yodel_addr *local, const struct yodel_addr *remote);
void socket_share_port(int fd);

// The next connection that waits at `fd`, non-blocking; -1 with errno.
int socket_accept(int fd);

// Both ends of a connected socket; none where it is not.
struct yodel_addr socket_local(int fd);
struct yodel_addr socket_remote(int fd);

void socket_close(int fd);

// Asks for `bytes` of buffer each way, and takes what it gets.
void socket_grow_buffers(int fd, int bytes);

#endif
