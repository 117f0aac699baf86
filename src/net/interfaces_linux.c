// Interfaces on Linux: what the kernel says of each IPv6 address.

#include <inttypes.h>
#include <stdio.h>

#include "net/interfaces.h"

// linux/if_addr.h, IFA_F_…, as /proc/net/if_inet6 shows them.
#define FLAG_TEMPORARY 0x01u
#define FLAG_DAD_FAILED 0x08u
#define FLAG_DEPRECATED 0x20u
#define FLAG_TENTATIVE 0x40u

static void mark(
    struct interface_list *list, const uint8_t ip[16], const char *name, uint32_t flags)
{
    for (size_t i = 0; i < list->count; i++) {
        struct interface *item = &list->items[i];

        if (item->addr.family == YODEL_ADDR_V6 && memcmp(item->addr.ip, ip, 16) == 0 &&
            strcmp(item->name, name) == 0) {
            item->is_temporary = flags & FLAG_TEMPORARY;
            item->is_deprecated = flags & FLAG_DEPRECATED;
            item->is_unusable = flags & (FLAG_DAD_FAILED | FLAG_TENTATIVE);
        }
    }
}

//  20010db8000000000000000000000001 02 40 00 80     eth0
//  address                index prefix scope flags  name, all hexadecimal
void interfaces_read_flags(struct interface_list *list)
{
    FILE *file = fopen("/proc/net/if_inet6", "re");
    char line[128];

    while (file && fgets(line, sizeof line, file)) {
        uint8_t ip[16];
        char name[INTERFACES_NAME_MAX];
        uint32_t flags;
        bool is_good = sscanf(line + 32, " %*x %*x %*x %" SCNx32 " %31s", &flags, name) == 2;

        for (size_t i = 0; i < sizeof ip && is_good; i++) {
            unsigned int byte;
            is_good = sscanf(line + 2 * i, "%2x", &byte) == 1;
            ip[i] = (uint8_t)byte;
        }
        if (is_good) {
            mark(list, ip, name, flags);
        }
    }
    if (file) {
        (void)fclose(file);
    }
}
