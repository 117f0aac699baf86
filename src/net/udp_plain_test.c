// The test of udp_test.c, held against udp_plain.c, which the build puts beside it.

#include "net/udp_test.c"
