// What a channel owes its peer and its application: messages and resets that could not be sent at
// once, and news.
//
// An OPEN message, an ACK or a reset may be refused for lack of memory or of room in the send
// buffer. It is then owed, and
// paid later: no channel is lost for it.
//
// Not here    when a channel comes to owe something (dcep/dcep.h, dcep/inbound.h)

#ifndef DCEP_DEBT_H
#define DCEP_DEBT_H

#include "dcep/dcep.h"

// Sets `what`, one of the channel's owes_..., and pays it where that is possible now.
void dcep_debt_owe(struct dcep *dcep, struct dcep_channel *channel, bool *what);
void dcep_debt_pay_all(struct dcep *dcep);

// Opens a channel of ours once the association is connected and the OPEN message is on its way.
void dcep_debt_on_sendable(struct dcep *dcep, struct dcep_channel *channel);

// Ends a channel without asking the peer, which forgives all that it owes. CLOSED follows.
void dcep_debt_end_channel(struct dcep *dcep, struct dcep_channel *channel);

#endif
