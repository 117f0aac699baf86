// Signaling by copy and paste: a description leaves on the standard output and the other side's
// comes on the standard input, as SDP with an empty line behind it.
//
// Real programs have a server in between for this. These examples have none, so that there is
// nothing to set up: what one side prints, a person carries to the other.

#ifndef EXAMPLES_PASTE_H
#define EXAMPLES_PASTE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include <yodel/yodel.h>

// An offer or an answer with all its candidates; one that is longer is nobody's data channel.
#define PASTE_MAX 65536

// Ends the program where `err` is one; `peer`, or NULL, knows more about it.
static inline void must(enum yodel_err err, const char *what, yodel_peer *peer)
{
    if (err != YODEL_OK) {
        fprintf(stderr, "%s: %s %s\n", what, yodel_err_text(err),
            peer ? yodel_peer_error_text(peer) : "");
        exit(1);
    }
}

// Prints what the other side needs to know. All candidates are in it, for there is no way to send
// one later: so wait for the last first.
static inline void paste_write(yodel_peer *peer)
{
    struct yodel_description ours;

    if (!yodel_peer_local_description(peer, &ours)) {
        must(YODEL_ERR_NO_MEMORY, "local description", peer);
    }
    fprintf(stderr, "Give this %s to the other side:\n\n", yodel_sdp_type_name(ours.type));
    printf("%s\n", ours.sdp);
    fflush(stdout);
}

// Waits until the other side's description was pasted, and sets it.
static inline void paste_read(yodel_peer *peer, enum yodel_sdp_type type)
{
    static char text[PASTE_MAX];
    size_t len = 0;

    fprintf(stderr, "Paste the other side's %s, and an empty line:\n\n", yodel_sdp_type_name(type));
    while (len < sizeof text - 1 && fgets(text + len, (int)(sizeof text - len), stdin)) {
        bool is_empty = strspn(text + len, "\r\n") > 0;
        if (is_empty && len > 0) {
            break;
        }
        len += is_empty ? 0 : strlen(text + len);
    }
    text[len] = '\0';
    must(yodel_peer_set_remote_description(peer, &(struct yodel_description){type, text}),
        "remote description", peer);
}

// Offers a connection, or answers an offer. The handler of `peer` must stop the loop at the last
// candidate (see paste_is_last).
static inline void paste_meet(uv_loop_t *loop, yodel_peer *peer, bool is_offerer)
{
    if (!is_offerer) {
        paste_read(peer, YODEL_SDP_OFFER);
    }
    must(yodel_peer_set_local_description(peer, NULL), "local description", peer);
    uv_run(loop, UV_RUN_DEFAULT);
    paste_write(peer);
    if (is_offerer) {
        paste_read(peer, YODEL_SDP_ANSWER);
    }
}

static inline bool paste_is_last(const struct yodel_event *event)
{
    return event->type == YODEL_EVENT_ICE_CANDIDATE && !event->candidate.candidate[0];
}

#endif
