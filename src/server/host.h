// What a browser says about where it is: the Host and Origin headers, taken apart and compared.
//
// Implements  RFC 9110 §7.2 (Host), RFC 6454 §6.2 (Origin)
// Limits      SERVER_HOST_MAX bytes of a name, with its NUL

#ifndef SERVER_HOST_H
#define SERVER_HOST_H

#include "base/addr.h"
#include "base/bytes.h"

#define SERVER_HOST_MAX 256

// The name or address without the port, an IPv6 one in its brackets. False for what is none.
bool server_host_parse(char host[SERVER_HOST_MAX], struct bytes header);

// The port in it, or 0 where there is none.
uint16_t server_host_port(struct bytes header);

// Whether a page from `origin` may speak to us: it is our own (same host and port as in `host`), or
// in `allowed`, which is "*" or origins with commas between them. No origin at all is no browser.
bool server_host_allows(struct bytes origin, struct bytes host, const char *allowed);

// The address that a proxy saw, the last of an X-Forwarded-For header.
bool server_host_forwarded(struct yodel_addr *addr, struct bytes header);

#endif
