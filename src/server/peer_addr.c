// Peer address: the socket's, or the last that a trusted proxy in front of us names.

#include "server/peer_addr.h"

#include "net/sockaddr.h"
#include "server/host.h"
#include "server/state.h"
#include "server/web.h"

struct yodel_addr server_peer_addr(struct lws *wsi)
{
    const struct server *server = server_state_of(wsi);
    struct sockaddr_storage storage = {0};
    socklen_t len = sizeof storage;
    char forwarded[1024];

    const struct yodel_addr *pumped = server_web_client(wsi);
    if (!pumped && getpeername(lws_get_socket_fd(wsi), (struct sockaddr *)&storage, &len) != 0) {
        return (struct yodel_addr){0};
    }
    struct yodel_addr addr = pumped ? *pumped : sockaddr_parse((struct sockaddr *)&storage);
    if (server->config.behind_proxy) {
        struct yodel_addr behind;
        int forwarded_len =
            lws_hdr_copy(wsi, forwarded, sizeof forwarded, WSI_TOKEN_X_FORWARDED_FOR);
        if (forwarded_len > 0 &&
            server_host_forwarded(&behind, bytes_of(forwarded, (size_t)forwarded_len))) {
            return behind;
        }
    }
    return addr;
}
