// Codes: an array by number, and a queue of numbers in quarantine threaded through it.

#include "signaling/codes.h"

#include "base/assert.h"

enum state { FREE, TAKEN, QUARANTINED };

struct signaling_slot {
    struct signaling_code *code;
    yodel_time free_at;
    uint32_t next_quarantined;
    enum state state;
};

void signaling_codes_init(struct signaling_codes *codes, struct alloc *alloc)
{
    // There is no number 0: nobody would say "zero amber falcon".
    *codes = (struct signaling_codes){.alloc = alloc, .slot_count = 1, .lowest = 1};
}

void signaling_codes_deinit(struct signaling_codes *codes)
{
    YODEL_ASSERT(codes->count == 0);
    alloc_free(codes->alloc, codes->slots);
    *codes = (struct signaling_codes){0};
}

static void end_quarantines(struct signaling_codes *codes, yodel_time now)
{
    while (codes->first_quarantined != 0) {
        uint32_t number = codes->first_quarantined;
        struct signaling_slot *slot = &codes->slots[number];
        if (now < slot->free_at) {
            return; // They are in the order of their release.
        }
        codes->first_quarantined = slot->next_quarantined;
        *slot = (struct signaling_slot){0};
        if (number < codes->lowest) {
            codes->lowest = number;
        }
    }
}

static enum yodel_err make_room(struct signaling_codes *codes)
{
    if (codes->lowest > SIGNALING_CODES_MAX) {
        return YODEL_ERR_TOO_LARGE;
    }
    if (codes->lowest < codes->slot_room) {
        return YODEL_OK;
    }
    uint32_t room = codes->slot_room == 0 ? 16 : codes->slot_room * 2;
    struct signaling_slot *slots = alloc_resize(codes->alloc, codes->slots, room * sizeof *slots);
    if (!slots) {
        return YODEL_ERR_NO_MEMORY;
    }
    codes->slots = slots;
    codes->slot_room = room;
    return YODEL_OK;
}

enum yodel_err signaling_codes_create(struct signaling_codes *codes,
    struct signaling_client *creator, struct signaling_code **made, yodel_time now)
{
    end_quarantines(codes, now);
    while (codes->lowest < codes->slot_count && codes->slots[codes->lowest].state != FREE) {
        codes->lowest++;
    }
    enum yodel_err err = make_room(codes);
    if (err != YODEL_OK) {
        return err;
    }
    struct signaling_code *code = alloc_new(codes->alloc, sizeof *code);
    if (!code) {
        return YODEL_ERR_NO_MEMORY;
    }
    code->creator = creator;
    code->number = codes->lowest;
    codes->slots[code->number] = (struct signaling_slot){.code = code, .state = TAKEN};
    if (code->number == codes->slot_count) {
        codes->slot_count++;
    }
    codes->lowest++;
    codes->count++;
    *made = code;
    return YODEL_OK;
}

struct signaling_code *signaling_codes_find(const struct signaling_codes *codes, uint32_t number)
{
    return number > 0 && number < codes->slot_count ? codes->slots[number].code : NULL;
}

void signaling_codes_release(
    struct signaling_codes *codes, struct signaling_code *code, yodel_time now)
{
    uint32_t number = code->number;
    struct signaling_slot *slot = &codes->slots[number];

    YODEL_ASSERT(slot->code == code && !list_is_linked(&code->of_creator));
    *slot = (struct signaling_slot){
        .free_at = time_after(now, SIGNALING_CODES_QUARANTINE), .state = QUARANTINED};
    if (codes->first_quarantined == 0) {
        codes->first_quarantined = number;
    } else {
        codes->slots[codes->last_quarantined].next_quarantined = number;
    }
    codes->last_quarantined = number;
    codes->count--;
    alloc_free(codes->alloc, code);
}
