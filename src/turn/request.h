// TURN requests about an allocation: Refresh, CreatePermission, ChannelBind, Connect.
//
// Implements  RFC 8656 §8.2, §10.2, §12.2

#ifndef TURN_REQUEST_H
#define TURN_REQUEST_H

#include "turn/auth.h"

// An authenticated request, other than Allocate and ConnectionBind. The answer is in `w`, or comes later.
void turn_request_recv(struct turn_server *server, const struct turn_request *request,
    struct writer *w, yodel_time now);

// LIFETIME as it will be granted: 0, or within the limits.
uint32_t turn_request_lifetime(const struct turn_request *request);

// 420, with the attributes that are not understood.
void turn_request_put_unknown(struct turn_server *server, struct writer *w,
    const struct turn_request *request, const uint16_t *types, size_t count);

#endif
