// A client's tests: the client, and the server that the test plays, message by message.
//
// Time        virtual: each test moves `now`

#ifndef TURN_CLIENT_FIXTURE_H
#define TURN_CLIENT_FIXTURE_H

#include "turn/client.h"

#define FIXTURE_DATAGRAM_MAX 1500

struct client_fixture {
    struct env env;
    uint64_t seed;
    yodel_time now;
    struct turn_client client;
    struct stun_auth_key key;
    uint8_t request[FIXTURE_DATAGRAM_MAX];
    struct stun_msg asked; // The latest request, which borrows from `request`.
    uint8_t answer[FIXTURE_DATAGRAM_MAX];
    struct writer w; // The answer being written.
};

void client_fixture_open(struct client_fixture *f, enum yodel_transport transport);

// The next request; checks that there is one, and of this method. None: checks that there is none.
void client_fixture_expect(struct client_fixture *f, uint16_t method);
void client_fixture_expect_none(struct client_fixture *f);

// An answer to the latest request, with more attributes put in between; signed with the right key.
void client_fixture_begin(struct client_fixture *f, uint16_t class);
void client_fixture_end(struct client_fixture *f, bool is_signed);

// Whole answers.
void client_fixture_error(struct client_fixture *f, uint32_t code, bool is_signed);
void client_fixture_challenge(struct client_fixture *f, uint32_t code, const char *nonce);
void client_fixture_allocated(struct client_fixture *f, const struct yodel_addr *relayed);
void client_fixture_ok(struct client_fixture *f);

// Moves the time to the client's next timeout, and lets it see that.
void client_fixture_wait(struct client_fixture *f);

// All the way: the client is READY at 203.0.113.1:7000.
void client_fixture_ready(struct client_fixture *f, enum yodel_transport transport);
struct yodel_addr client_fixture_peer(uint8_t last); // 198.51.100.`last`:9000.
bool client_fixture_recv(struct client_fixture *f, struct bytes datagram,
    struct turn_client_data *data); // `data` borrows from `answer`.

#endif
