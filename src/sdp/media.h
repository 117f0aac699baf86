// SDP media: the table of the attributes that RTP sections have beyond those of every section.
//
// Implements  RFC 9429 §5.8.2 (which ones); RFC 8866 §6.4, 6.5 (ptime, maxptime), RFC 8285 §5
//             (extmap), RFC 8830 §2 (msid), RFC 5576 §4.1, 4.2, 6.1 (ssrc, ssrc-group, cname), RFC
//             5761 §5.1.1 (rtcp-mux), RFC 8858 §3 (rtcp-mux-only), RFC 5506 §5 (rtcp-rsize), RFC
//             3605 §2.1 (rtcp, and its value is not used)
// Not here    rtpmap and its likes (sdp/codec.h), rid and simulcast (sdp/simulcast.h)
// Ownership   as sdp/sdp.h
// Limits      as sdp/sdp.h
// Departs     from RFC 9429 §5.8.2: a=imageattr is not understood, as in no browser

#ifndef SDP_MEDIA_H
#define SDP_MEDIA_H

#include "sdp/attr.h"

// Reads an attribute of the section; what is not understood, or not of RTP, is dropped.
YODEL_MUST_USE bool sdp_media_parse(struct sdp_parser *p, struct bytes name, struct bytes value);

// When all has been read: sees to what could not be told from one line.
void sdp_media_finish(struct sdp *sdp);

void sdp_media_write(const struct sdp_media *media, struct writer *w);

#endif
