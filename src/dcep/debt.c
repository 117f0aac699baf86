// What channels owe: paid at once where it can be, and else each time that events are taken.

#include "dcep/debt.h"

#include "dcep/message.h"

static bool owes(const struct dcep_channel *channel)
{
    return channel->owes_open || channel->owes_ack || channel->owes_reset;
}

static enum yodel_err send_control(struct dcep *dcep, uint16_t id, struct bytes message)
{
    return sctp_send(
        dcep->sctp, id, DCEP_PPID_CONTROL, message, &(struct sctp_send_options){.uncounted = true});
}

static enum yodel_err send_open(struct dcep *dcep, struct dcep_channel *channel)
{
    const struct dcep_options *options = &channel->options;
    size_t len = DCEP_OPEN_SIZE + options->label.len + options->protocol.len;
    uint8_t *room = alloc_resize(dcep->env->alloc, NULL, len);

    if (!room) {
        return YODEL_ERR_NO_MEMORY;
    }
    struct writer w = writer_of(span_of(room, len));
    dcep_message_put_open(
        &w, &(struct dcep_open){.unordered = options->unordered,
                .has_max_retransmits = options->has_max_retransmits,
                .has_max_lifetime = options->has_max_lifetime,
                .reliability = options->has_max_retransmits ? options->max_retransmits
                                                            : options->max_lifetime_ms,
                .label = options->label,
                .protocol = options->protocol});
    enum yodel_err err = send_control(dcep, channel->id, writer_bytes(&w));
    alloc_free(dcep->env->alloc, room);
    return err;
}

static enum yodel_err send_ack(struct dcep *dcep, const struct dcep_channel *channel)
{
    uint8_t room[1];
    struct writer w = writer_of(span_of(room, sizeof room));

    dcep_message_put_ack(&w);
    return send_control(dcep, channel->id, writer_bytes(&w));
}

static void tell(struct dcep *dcep, bool *flag)
{
    dcep->news += !*flag;
    *flag = true;
}

void dcep_debt_on_sendable(struct dcep *dcep, struct dcep_channel *channel)
{
    if (dcep->is_connected && channel->state == DCEP_CONNECTING && !channel->owes_open) {
        channel->state = DCEP_OPENED;
        dcep->stats.channels_opened++;
        tell(dcep, &channel->tell_opened);
    }
}

static void pay(struct dcep *dcep, struct dcep_channel *channel)
{
    bool owed = owes(channel);

    if (channel->owes_open && send_open(dcep, channel) == YODEL_OK) {
        channel->owes_open = false;
        dcep_debt_on_sendable(dcep, channel);
    }
    if (channel->owes_ack && send_ack(dcep, channel) == YODEL_OK) {
        channel->owes_ack = false;
    }
    if (channel->owes_reset && !channel->owes_open &&
        sctp_reset_stream(dcep->sctp, channel->id) == YODEL_OK) {
        channel->owes_reset = false;
    }
    dcep->owed -= owed && !owes(channel);
}

void dcep_debt_pay_all(struct dcep *dcep)
{
    for (uint32_t i = 0; i < dcep->channel_room && dcep->owed > 0; i++) {
        if (dcep->channels[i] && owes(dcep->channels[i])) {
            pay(dcep, dcep->channels[i]);
        }
    }
}

void dcep_debt_owe(struct dcep *dcep, struct dcep_channel *channel, bool *what)
{
    dcep->owed += !owes(channel);
    *what = true;
    pay(dcep, channel);
}

void dcep_debt_end_channel(struct dcep *dcep, struct dcep_channel *channel)
{
    if (channel->state != DCEP_CLOSED) {
        channel->state = DCEP_CLOSED;
        dcep->owed -= owes(channel);
        channel->owes_open = channel->owes_ack = channel->owes_reset = false;
        dcep->stats.channels_closed++;
        tell(dcep, &channel->tell_closed);
    }
}
