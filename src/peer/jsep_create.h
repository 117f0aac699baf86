// JSEP, creating: the text of an offer or an answer, kept so that only it can be set.
//
// Implements  RFC 9429 §4.1.8 (createOffer), §4.1.9 (createAnswer), §5.2.2 (the o= line's version)
// Not here    the tree that is written (peer/jsep_make.h)

#ifndef PEER_JSEP_CREATE_H
#define PEER_JSEP_CREATE_H

#include "peer/jsep.h"

void jsep_create_free(struct jsep_created *created);

#endif
