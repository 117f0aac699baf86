// SDP codecs: the payload types of an RTP section, and what its attributes say of each.
//
// Implements  RFC 8866 §6.6 (rtpmap), §6.15 (fmtp), RFC 4585 §4.2 (rtcp-fb), RFC 5104 §7.1 (ccm),
//             RFC 3551 §6 (the static payload types that browsers use)
// Not here    what a parameter means, and which codecs go together (peer/)
// Ownership   as sdp/sdp.h
// Limits      as sdp/sdp.h; what is said of a payload type that the m-line does not have, and
//             feedback that is not understood, are ignored

#ifndef SDP_CODEC_H
#define SDP_CODEC_H

#include "sdp/attr.h"

// After an m-line of RTP has been read: makes a codec of each format.
YODEL_MUST_USE bool sdp_codec_begin(struct sdp_parser *p);

// When the section has been read: names those whose payload type alone says what they are.
void sdp_codec_finish(struct sdp_media *media);

YODEL_MUST_USE bool sdp_codec_parse_rtpmap(struct sdp_parser *p, struct bytes value);
YODEL_MUST_USE bool sdp_codec_parse_fmtp(struct sdp_parser *p, struct bytes value);
YODEL_MUST_USE bool sdp_codec_parse_rtcp_fb(struct sdp_parser *p, struct bytes value);

void sdp_codec_write(const struct sdp_media *media, struct writer *w);

#endif
