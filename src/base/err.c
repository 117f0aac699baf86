// Errors: their names and sentences.

#include "base/err.h"

#include <stddef.h>

static const struct {
    const char *name;
    const char *text;
} errors[] = {
    [0] = {"OK", "it worked"},
    [-YODEL_ERR_NO_MEMORY] = {"NoMemoryError", "there is no memory left"},
    [-YODEL_ERR_INVALID_STATE] = {"InvalidStateError", "this cannot be done in the present state"},
    [-YODEL_ERR_INVALID_ACCESS] = {"InvalidAccessError",
        "this cannot be done with these arguments"},
    [-YODEL_ERR_INVALID_MODIFICATION] = {"InvalidModificationError",
        "a description was changed in a place that must stay as it was made"},
    [-YODEL_ERR_SYNTAX] = {"SyntaxError", "the text does not parse"},
    [-YODEL_ERR_TYPE] = {"TypeError", "a value is outside its domain"},
    [-YODEL_ERR_RANGE] = {"RangeError", "a number is outside its range"},
    [-YODEL_ERR_OPERATION] = {"OperationError", "the operation failed"},
    [-YODEL_ERR_NOT_SUPPORTED] = {"NotSupportedError", "this is not supported"},
    [-YODEL_ERR_NETWORK] = {"NetworkError", "the network refused or lost it"},
    [-YODEL_ERR_TOO_LARGE] = {"TooLargeError", "it is larger than the limit"},
    [-YODEL_ERR_WOULD_BLOCK] = {"WouldBlockError", "not now; try again after the next event"},
    [-YODEL_ERR_FOREIGN] = {"ForeignError", "the bytes belong to another protocol"},
    [-YODEL_ERR_MALFORMED] = {"MalformedError", "the bytes are malformed"},
    [-YODEL_ERR_UNAUTHENTIC] = {"UnauthenticError", "a signature or a fingerprint does not match"},
    [-YODEL_ERR_NOT_FOUND] = {"NotFoundError", "there is no such thing"},
    [-YODEL_ERR_EXISTS] = {"ExistsError", "it exists already and is not overwritten"},
    [-YODEL_ERR_IO] = {"IoError", "the operating system refused to read or write"},
    [-YODEL_ERR_TIMEOUT] = {"TimeoutError", "nobody answered in time"},
    [-YODEL_ERR_ABORTED] = {"AbortError", "it was ended by a person or by the other side"},
};

static size_t index_of(enum yodel_err err)
{
    size_t index = err <= 0 ? (size_t)-err : COUNT(errors);

    return index < COUNT(errors) ? index : (size_t)-YODEL_ERR_OPERATION;
}

YODEL_API const char *yodel_err_name(enum yodel_err err)
{
    return errors[index_of(err)].name;
}

YODEL_API const char *yodel_err_text(enum yodel_err err)
{
    return errors[index_of(err)].text;
}
