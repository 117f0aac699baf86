// SDP text: the few character classes and splits that its grammar is made of.
//
// Implements  RFC 8866 §9 (token, integers), RFC 8839 §5.4 (ice-char), RFC 8851 §10 (rid-id)
// Ownership   borrows

#ifndef SDP_TEXT_H
#define SDP_TEXT_H

#include "base/bytes.h"

// Takes what stands before `separator`, which goes too; all of `rest` where there is none.
struct bytes sdp_text_take(struct bytes *rest, uint8_t separator);

// At least one character, and at most SDP_TOKEN_MAX.
bool sdp_text_is_token(struct bytes text);
bool sdp_text_is_proto(struct bytes text); // Tokens with slashes between them.
bool sdp_text_is_digits(struct bytes text);
bool sdp_text_is_rid(struct bytes text);     // At most SDP_RID_MAX.
bool sdp_text_is_visible(struct bytes text); // At least one character, and no space.
bool sdp_text_is_ice(struct bytes text, size_t min, size_t max);

// False where there is anything but digits; a number that does not fit is UINT64_MAX.
bool sdp_text_number(struct bytes text, uint64_t *number);

bool sdp_text_equal(struct bytes text, const char *want);
bool sdp_text_equal_any_case(struct bytes text, const char *want); // Of ASCII.

#endif
