// UTF-8: is it?
//
// Implements  RFC 3629 §4
// Ownership   borrows the text for the call

#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/bytes.h"

// False for overlong forms, surrogates, what lies above U+10FFFF, stray and missing continuation
// bytes. NUL is valid.
bool utf8_is_valid(struct bytes text);

#endif
