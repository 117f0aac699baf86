// Candidates of ours: when they are told, and what is told in place of an address.

#include "peer/candidates.h"

#include "check.h"
#include "peer/pair.h"

static struct peer_pair pair;

static void pooled_candidates_are_gathered_early_and_told_with_the_description(void)
{
    struct yodel_peer_config config = {.ice_candidate_pool_size = 1};
    struct yodel_event event;
    yodel_channel *channel;

    peer_pair_open_with(&pair, 31, &config, NULL);
    struct peer_pair_side *side = &pair.side[0];
    CHECK(yodel_peer_next_event(side->peer, &event));
    CHECK_EQ(event.type, YODEL_EVENT_GATHER);
    yodel_peer_add_local_address(side->peer, &side->addr);
    yodel_peer_end_local_addresses(side->peer);
    CHECK(!yodel_peer_next_event(side->peer, &event));
    CHECK_EQ(yodel_peer_create_data_channel(side->peer, "", NULL, &channel), YODEL_OK);
    CHECK_EQ(yodel_peer_set_local_description(side->peer, NULL), YODEL_OK);
    CHECK(yodel_peer_next_event(side->peer, &event));
    CHECK_EQ(event.type, YODEL_EVENT_ICE_CANDIDATE);
    CHECK(strstr(event.candidate.candidate, "192.0.2.1") != NULL);
    peer_pair_close(&pair);
}

// Gathers by hand: one address with a name, and one whose name could not be had.
static void a_hidden_address_is_told_by_its_name_or_not_at_all(void)
{
    static const char name[] = "f9f1d6b2-6b3e-4b0e-9a55-0d1b6c3a9d10.local";
    struct yodel_addr named = addr_v4(192, 0, 2, 1, 4444), nameless = addr_v4(192, 0, 2, 99, 5555);
    struct yodel_description description;
    struct yodel_event event;
    yodel_channel *channel;
    yodel_peer *peer;
    uint32_t candidates = 0;

    CHECK_EQ(yodel_peer_new(NULL, &peer), YODEL_OK);
    CHECK_EQ(yodel_peer_create_data_channel(peer, "", NULL, &channel), YODEL_OK);
    CHECK_EQ(yodel_peer_set_local_description(peer, NULL), YODEL_OK);
    yodel_peer_add_local_name(peer, &named, name);
    yodel_peer_add_local_name(peer, &nameless, "");
    yodel_peer_add_local_address(peer, &named);
    yodel_peer_add_local_address(peer, &nameless);
    yodel_peer_end_local_addresses(peer);
    yodel_peer_tick(peer, 1);
    while (yodel_peer_next_event(peer, &event)) {
        if (event.type == YODEL_EVENT_ICE_CANDIDATE && event.candidate.candidate[0]) {
            CHECK(strstr(event.candidate.candidate, name) != NULL);
            CHECK(strstr(event.candidate.candidate,
                      candidates == 0 ? " 4444 typ host" : " 9 typ host tcptype active") != NULL);
            candidates++;
        }
    }
    CHECK_EQ(candidates, 2);
    CHECK(yodel_peer_local_description(peer, &description));
    CHECK(strstr(description.sdp, name) != NULL);
    CHECK(strstr(description.sdp, "192.0.2.") == NULL);
    yodel_peer_free(peer);
}

static void what_a_hidden_address_is_related_to_is_hidden_too(void)
{
    struct peer_candidates candidates;
    struct ice_candidate candidate = {.type = ICE_SRFLX,
        .addr = addr_v4(203, 0, 113, 5, 1000),
        .related = addr_v4(192, 0, 2, 1, 4444)};
    struct yodel_addr ip = addr_v4(192, 0, 2, 1, 0), any = addr_v4(0, 0, 0, 0, 9);

    peer_candidates_init(&candidates, alloc_system());
    CHECK(peer_candidates_hide(&candidates, &candidate));
    CHECK_EQ(candidate.related.port, 4444); // Nothing is hidden yet.
    peer_candidates_name(&candidates, &ip, "a.local");
    CHECK(peer_candidates_hide(&candidates, &candidate));
    CHECK(addr_equal(&candidate.related, &any));
    CHECK_EQ(candidate.name[0], '\0'); // What a server saw is no secret.
    peer_candidates_deinit(&candidates);
}

TEST_MAIN(TEST(pooled_candidates_are_gathered_early_and_told_with_the_description),
    TEST(a_hidden_address_is_told_by_its_name_or_not_at_all),
    TEST(what_a_hidden_address_is_related_to_is_hidden_too))
