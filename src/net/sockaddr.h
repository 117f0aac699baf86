// Socket addresses: ours to the system's, and back.
//
// Ownership   values only

#ifndef NET_SOCKADDR_H
#define NET_SOCKADDR_H

#include <sys/socket.h>

#include "base/addr.h"

// Returns the length; 0 for an address without a family.
socklen_t sockaddr_write(struct sockaddr_storage *to, const struct yodel_addr *addr);

// Anything but IPv4 and IPv6 becomes YODEL_ADDR_NONE. A 4-in-6 address becomes IPv4.
struct yodel_addr sockaddr_parse(const struct sockaddr *from);

#endif
