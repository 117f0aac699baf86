// Sockets: what every datagram socket of ours needs, whatever moves its bytes.
//
// Ownership   the caller closes the descriptor

#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include "base/addr.h"

// A non-blocking UDP socket bound to `local`, which gets the port that the system chose. -1, with
// errno, where there is none.
int socket_open_udp(struct yodel_addr *local);

void socket_close(int fd);

// Asks for `bytes` of buffer each way, and takes what it gets.
void socket_grow_buffers(int fd, int bytes);

#endif
