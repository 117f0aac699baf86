// Interfaces: which of a machine's addresses are worth telling, and in what order.

#include <stdio.h>

#include "check.h"
#include "net/interfaces.h"

static struct interface_list list_of(const char *const *pairs, size_t count)
{
    struct interface_list list = {0};

    for (size_t i = 0; i < count && pairs[i]; i++) {
        struct interface *item = &list.items[list.count++];
        char name[16] = "";
        char ip[48] = "";
        CHECK_EQ(sscanf(pairs[i], "%15s %47s", name, ip), 2);
        (void)snprintf(item->name, sizeof item->name, "%s", name);
        item->is_internal = strcmp(name, "lo") == 0;
        CHECK_EQ(addr_parse_ip(&item->addr, bytes_of_text(ip)), YODEL_OK);
    }
    return list;
}

static void what_is_useful_comes_first_and_once(void)
{
    static const struct {
        const char *all[6];
        enum yodel_loopback loopback;
        const char *want;
    } rows[] = {
        {{"lo 127.0.0.1", "lo ::1", "docker0 172.17.0.1", "eth0 192.0.2.2", "eth0 2001:db8::2",
             "eth0 fe80::1"},
            YODEL_LOOPBACK_IF_ALONE, "192.0.2.2 2001:db8::2 172.17.0.1 "},
        {{"lo 127.0.0.1", "eth0 192.0.2.2"}, YODEL_LOOPBACK_ALWAYS, "192.0.2.2 127.0.0.1 "},
        {{"lo 127.0.0.1", "lo ::1", "eth0 192.0.2.2"}, YODEL_LOOPBACK_ONLY, "127.0.0.1 ::1 "},
        {{"lo 127.0.0.1", "lo ::1"}, YODEL_LOOPBACK_IF_ALONE, "127.0.0.1 ::1 "},
        {{"lo 127.0.0.1", "eth0 fe80::2", "eth1 169.254.1.1"}, YODEL_LOOPBACK_IF_ALONE,
            "fe80::2 169.254.1.1 "},
        {{"lo fe80::1", "lo 10.0.0.1", "eth0 192.0.2.2", "eth1 192.0.2.2", "eth2 0.0.0.0"},
            YODEL_LOOPBACK_IF_ALONE, "192.0.2.2 "},
        {{NULL}, YODEL_LOOPBACK_ALWAYS, ""},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct interface_list all = list_of(rows[i].all, COUNT(rows[i].all));
        struct interface_list chosen;
        char got[512];
        struct writer w = writer_of(span_of(got, sizeof got));

        interfaces_choose(&chosen, &all, rows[i].loopback);
        for (size_t j = 0; j < chosen.count; j++) {
            char text[ADDR_TEXT_MAX];
            put_format(&w, "%s ", addr_ip_text(&chosen.items[j].addr, text));
        }
        put_u8(&w, 0);
        CHECK_TEXT(got, rows[i].want);
    }
}

static void this_machine_has_an_interface(void)
{
    struct interface_list all, chosen;

    CHECK_EQ(interfaces_read(&all), YODEL_OK);
    interfaces_choose(&chosen, &all, YODEL_LOOPBACK_ALWAYS);
    CHECK(chosen.count > 0);
}

TEST_MAIN(TEST(what_is_useful_comes_first_and_once), TEST(this_machine_has_an_interface))
