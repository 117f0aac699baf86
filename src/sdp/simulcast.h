// SDP simulcast: the encodings of one track, told apart by their RIDs.
//
// Implements  RFC 8851 §4, §5, §10 (rid), RFC 8853 §5.1 (simulcast)
// Not here    which of the layers are sent (peer/)
// Ownership   as sdp/sdp.h
// Limits      as sdp/sdp.h; an a=rid that is restricted by something that is not understood is
//             ignored, and so is an id of a=simulcast without its a=rid

#ifndef SDP_SIMULCAST_H
#define SDP_SIMULCAST_H

#include "sdp/attr.h"

YODEL_MUST_USE bool sdp_simulcast_parse_rid(struct sdp_parser *p, struct bytes value);
YODEL_MUST_USE bool sdp_simulcast_parse(struct sdp_parser *p, struct bytes value);

// When the section has been read: drops the layers that no a=rid describes.
void sdp_simulcast_finish(struct sdp_media *media);

void sdp_simulcast_write_rids(const struct sdp_media *media, struct writer *w);
void sdp_simulcast_write(const struct sdp_media *media, struct writer *w);

#endif
