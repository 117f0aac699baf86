// Errors: one flat list for the whole of Yodel, with the W3C's DOMException names where they fit.
//
// Implements  W3C webrtc §4, §6 (which call fails with which name)
// Ownership   names and sentences are static

#ifndef YODEL_ERR_H
#define YODEL_ERR_H

#ifdef __cplusplus
extern "C" {
#endif

// What a function returns: YODEL_OK, or why nothing was done. Values are stable; new ones are added
// at the end.
enum yodel_err {
    YODEL_OK = 0,
    YODEL_ERR_NO_MEMORY = -1, // An allocation failed. Nothing was changed.
    YODEL_ERR_INVALID_STATE =
        -2, // InvalidStateError: not now (closed, not open, wrong signaling state).
    YODEL_ERR_INVALID_ACCESS = -3, // InvalidAccessError: not with these arguments.
    YODEL_ERR_INVALID_MODIFICATION =
        -4, // InvalidModificationError: a description was changed where it must not be.
    YODEL_ERR_SYNTAX = -5, // SyntaxError: text that does not parse (SDP, a candidate, an address).
    YODEL_ERR_TYPE = -6,   // TypeError: a value outside its domain.
    YODEL_ERR_RANGE = -7,  // RangeError: a number outside its range.
    YODEL_ERR_OPERATION = -8, // OperationError: accepted, then failed; the detail text says why.
    YODEL_ERR_NOT_SUPPORTED = -9, // NotSupportedError: known, and not implemented.
    YODEL_ERR_NETWORK = -10,      // NetworkError: a socket, a name look-up or a transport failed.
    YODEL_ERR_TOO_LARGE =
        -11, // Over a limit that has a name (the peer's max-message-size, a buffer).
    YODEL_ERR_WOULD_BLOCK = -12, // Not now; try again after the next event.
    YODEL_ERR_FOREIGN = -13,   // The bytes are another protocol's; a demultiplexer tries elsewhere.
    YODEL_ERR_MALFORMED = -14, // The bytes are this protocol's, and wrong; drop them.
    YODEL_ERR_UNAUTHENTIC = -15, // A signature, a tag, a fingerprint or a password does not match.
    YODEL_ERR_NOT_FOUND = -16,   // NotFoundError: no such room, code, file, channel.
    YODEL_ERR_EXISTS = -17,      // Already there, and never overwritten.
    YODEL_ERR_IO = -18, // The operating system refused a read or a write (disk full, permission).
    YODEL_ERR_TIMEOUT = -19, // TimeoutError: nobody answered.
    YODEL_ERR_ABORTED = -20, // AbortError: the user or the other side ended it.
};

// Returns the token of `err`, for instance "InvalidStateError"; never NULL.
const char *yodel_err_name(enum yodel_err err);

// Returns one sentence about `err` for a person; never NULL.
const char *yodel_err_text(enum yodel_err err);

#ifdef __cplusplus
}
#endif
#endif
