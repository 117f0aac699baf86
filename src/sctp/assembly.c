// SCTP assembly: pieces, joined until they are whole.

#include "sctp/assembly.h"

#include "base/assert.h"
#include "base/unwrap.h"

#define PIECES_FIRST 16

static bool is_whole(const struct sctp_piece *piece)
{
    return (piece->flags & (SCTP_DATA_BEGIN | SCTP_DATA_END)) == (SCTP_DATA_BEGIN | SCTP_DATA_END);
}

static size_t cost_of(const struct sctp_piece *piece)
{
    return sizeof *piece + piece->room;
}

// ---- memory

static struct sctp_piece *make_piece(struct sctp_assembly *assembly, size_t room)
{
    struct sctp_piece *piece = assembly->spare;

    if (piece && piece->room >= room && piece->room <= 4 * room) {
        assembly->spare = NULL;
    } else {
        piece = alloc_resize(assembly->env->alloc, NULL, sizeof *piece + room);
        if (!piece) {
            return NULL;
        }
        piece->room = room;
    }
    assembly->held += cost_of(piece);
    return piece;
}

static void free_piece(struct sctp_assembly *assembly, struct sctp_piece *piece)
{
    YODEL_ASSERT(assembly->held >= cost_of(piece));
    assembly->held -= cost_of(piece);
    if (!assembly->spare || assembly->spare->room < piece->room) {
        struct sctp_piece *smaller = assembly->spare;

        assembly->spare = piece;
        piece = smaller;
    }
    alloc_free(assembly->env->alloc, piece);
}

static void free_list(struct sctp_assembly *assembly, struct sctp_piece *head)
{
    while (head) {
        struct sctp_piece *next = head->next;

        free_piece(assembly, head);
        head = next;
    }
}

void sctp_assembly_init(struct sctp_assembly *assembly, const struct env *env,
    struct sctp_streams *streams, size_t max_message)
{
    *assembly = (struct sctp_assembly){.env = env, .streams = streams, .max_message = max_message};
}

void sctp_assembly_deinit(struct sctp_assembly *assembly)
{
    for (size_t i = 0; i < assembly->piece_count; i++) {
        free_piece(assembly, assembly->pieces[i]);
    }
    for (uint32_t id = 0; id <= UINT16_MAX; id++) {
        struct sctp_stream *stream = sctp_streams_find(assembly->streams, (uint16_t)id);

        if (!stream) {
            id |= SCTP_STREAM_PAGE - 1; // The whole page is not there.
            continue;
        }
        free_list(assembly, stream->held_head);
        stream->held_head = stream->held_tail = NULL;
    }
    free_list(assembly, assembly->ready_head);
    sctp_assembly_release(assembly);
    YODEL_ASSERT(assembly->held == 0);
    alloc_free(assembly->env->alloc, assembly->spare);
    alloc_free(assembly->env->alloc, assembly->pieces);
}

// ---- whole messages

static void make_ready(struct sctp_assembly *assembly, struct sctp_piece *piece)
{
    piece->next = NULL;
    if (assembly->ready_tail) {
        assembly->ready_tail->next = piece;
    } else {
        assembly->ready_head = piece;
    }
    assembly->ready_tail = piece;
}

static void deliver_held(struct sctp_assembly *assembly, struct sctp_stream *stream)
{
    while (stream->held_head && stream->held_head->ssn <= stream->ssn_in) {
        struct sctp_piece *piece = stream->held_head;

        stream->held_head = piece->next;
        if (!stream->held_head) {
            stream->held_tail = NULL;
        }
        if (piece->ssn < stream->ssn_in) {
            free_piece(assembly, piece); // A second message with this number.
            continue;
        }
        stream->ssn_in++;
        make_ready(assembly, piece);
    }
}

static void hold(struct sctp_stream *stream, struct sctp_piece *piece)
{
    struct sctp_piece **at = &stream->held_head;

    if (stream->held_tail && stream->held_tail->ssn <= piece->ssn) {
        at = &stream->held_tail->next; // Nearly always: messages are sent in their order.
    }
    while (*at && (*at)->ssn <= piece->ssn) {
        at = &(*at)->next;
    }
    piece->next = *at;
    *at = piece;
    if (!piece->next) {
        stream->held_tail = piece;
    }
}

static void on_whole(struct sctp_assembly *assembly, struct sctp_piece *piece)
{
    struct sctp_stream *stream = sctp_streams_find(assembly->streams, piece->stream);

    YODEL_ASSERT(stream);
    if (piece->flags & SCTP_DATA_UNORDERED) {
        make_ready(assembly, piece);
        return;
    }
    piece->ssn = unwrap_u16(stream->ssn_in, (uint16_t)piece->ssn);
    if (piece->ssn < stream->ssn_in) {
        free_piece(assembly, piece); // X11: that number has been delivered or skipped.
        return;
    }
    if (piece->ssn == stream->ssn_in && !stream->held_head) {
        stream->ssn_in++;
        make_ready(assembly, piece);
        return;
    }
    hold(stream, piece);
    deliver_held(assembly, stream);
}

// ---- pieces

// How many pieces begin before `tsn`.
static size_t pieces_before(const struct sctp_assembly *assembly, uint64_t tsn)
{
    size_t low = 0;
    size_t high = assembly->piece_count;

    if (high > 0 && assembly->pieces[high - 1]->first < tsn) {
        return high; // Nearly always: it continues the newest.
    }
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (assembly->pieces[middle]->first < tsn) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool reserve_piece(struct sctp_assembly *assembly)
{
    if (assembly->piece_count < assembly->piece_room) {
        return true;
    }
    size_t room = assembly->piece_room == 0 ? PIECES_FIRST : 2 * assembly->piece_room;
    if (room > SCTP_ASSEMBLY_PIECES_MAX) {
        return false;
    }
    struct sctp_piece **pieces =
        alloc_resize(assembly->env->alloc, assembly->pieces, room * sizeof(struct sctp_piece *));
    if (!pieces) {
        return false;
    }
    assembly->pieces = pieces;
    assembly->piece_room = room;
    return true;
}

static void remove_piece(struct sctp_assembly *assembly, size_t index)
{
    assembly->piece_count--;
    memmove(&assembly->pieces[index], &assembly->pieces[index + 1],
        (assembly->piece_count - index) * sizeof(struct sctp_piece *));
}

static struct sctp_piece *piece_of(
    struct sctp_assembly *assembly, const struct sctp_data *data, uint64_t tsn, size_t room)
{
    struct sctp_piece *piece = make_piece(assembly, room);

    if (!piece) {
        return NULL;
    }
    *piece = (struct sctp_piece){.first = tsn,
        .last = tsn,
        .ssn = data->ssn,
        .ppid = data->ppid,
        .stream = data->stream,
        .flags = data->flags & (SCTP_DATA_BEGIN | SCTP_DATA_END | SCTP_DATA_UNORDERED),
        .len = data->user.len,
        .room = piece->room};
    memcpy(piece->data, data->user.ptr, data->user.len);
    return piece;
}

// Makes room for `more` bytes behind what pieces[index] has. It may move.
static struct sctp_piece *grow(
    struct sctp_assembly *assembly, size_t index, size_t more, size_t wanted)
{
    struct sctp_piece *piece = assembly->pieces[index];
    size_t need = piece->len + more;
    size_t room = 2 * piece->room > wanted ? 2 * piece->room : wanted;

    if (need <= piece->room) {
        return piece;
    }
    if (room > assembly->max_message) {
        room = assembly->max_message;
    }
    if (room < need) {
        room = need;
    }
    size_t before = piece->room;
    piece = alloc_resize(assembly->env->alloc, piece, sizeof *piece + room);
    if (piece) {
        piece->room = room;
        assembly->held += room - before;
        assembly->pieces[index] = piece;
    }
    return piece;
}

static bool is_same_message(const struct sctp_piece *piece, const struct sctp_data *data)
{
    bool unordered = data->flags & SCTP_DATA_UNORDERED;

    return piece->stream == data->stream && unordered == !!(piece->flags & SCTP_DATA_UNORDERED) &&
           (unordered || (uint16_t)piece->ssn == data->ssn);
}

static bool may_follow(const struct sctp_piece *left, const struct sctp_data *data)
{
    return !(data->flags & SCTP_DATA_BEGIN) && is_same_message(left, data);
}

static bool may_precede(const struct sctp_data *data, const struct sctp_piece *right)
{
    bool ends = data->flags & SCTP_DATA_END;
    bool begins = right->flags & SCTP_DATA_BEGIN;

    return ends == begins && (ends || is_same_message(right, data));
}

// pieces[index + 1] continues pieces[index], which has room for it.
static void join(struct sctp_assembly *assembly, size_t index)
{
    struct sctp_piece *left = assembly->pieces[index];
    struct sctp_piece *right = assembly->pieces[index + 1];

    memcpy(left->data + left->len, right->data, right->len);
    left->len += right->len;
    left->last = right->last;
    left->flags |= right->flags & SCTP_DATA_END;
    remove_piece(assembly, index + 1);
    free_piece(assembly, right);
}

static void finish(struct sctp_assembly *assembly, size_t index)
{
    struct sctp_piece *piece = assembly->pieces[index];

    if (is_whole(piece)) {
        assembly->usual = piece->len;
        remove_piece(assembly, index);
        on_whole(assembly, piece);
    }
}

static enum sctp_assembly_result append(struct sctp_assembly *assembly, size_t index,
    const struct sctp_data *data, struct sctp_piece *right, bool in_row)
{
    struct sctp_piece *piece = assembly->pieces[index];
    size_t more = data->user.len + (right ? right->len : 0);

    if (more > assembly->max_message - piece->len) {
        return SCTP_ASSEMBLY_TOO_LARGE;
    }
    piece = grow(assembly, index, more, in_row ? assembly->usual : 0);
    if (!piece) {
        return SCTP_ASSEMBLY_NO_ROOM;
    }
    memcpy(piece->data + piece->len, data->user.ptr, data->user.len);
    piece->len += data->user.len;
    piece->last++;
    piece->flags |= data->flags & SCTP_DATA_END;
    if (right) {
        join(assembly, index);
    }
    finish(assembly, index);
    return SCTP_ASSEMBLY_TAKEN;
}

static enum sctp_assembly_result insert(struct sctp_assembly *assembly, size_t index,
    const struct sctp_data *data, uint64_t tsn, struct sctp_piece *right, bool in_row)
{
    size_t room = data->user.len + (right ? right->len : 0);

    if (room > assembly->max_message) {
        return SCTP_ASSEMBLY_TOO_LARGE;
    }
    if (in_row && room < assembly->usual) {
        room = assembly->usual;
    }
    if (!reserve_piece(assembly)) {
        return SCTP_ASSEMBLY_NO_ROOM;
    }
    struct sctp_piece *piece = piece_of(assembly, data, tsn, room);
    if (!piece) {
        return SCTP_ASSEMBLY_NO_ROOM;
    }
    memmove(&assembly->pieces[index + 1], &assembly->pieces[index],
        (assembly->piece_count - index) * sizeof(struct sctp_piece *));
    assembly->pieces[index] = piece;
    assembly->piece_count++;
    if (right) {
        join(assembly, index);
    }
    finish(assembly, index);
    return SCTP_ASSEMBLY_TAKEN;
}

static enum sctp_assembly_result add_single(
    struct sctp_assembly *assembly, const struct sctp_data *data, uint64_t tsn)
{
    if (data->user.len > assembly->max_message) {
        return SCTP_ASSEMBLY_TOO_LARGE;
    }
    struct sctp_piece *piece = piece_of(assembly, data, tsn, data->user.len);
    if (!piece) {
        return SCTP_ASSEMBLY_NO_ROOM;
    }
    on_whole(assembly, piece);
    return SCTP_ASSEMBLY_TAKEN;
}

enum sctp_assembly_result sctp_assembly_add(
    struct sctp_assembly *assembly, const struct sctp_data *data, uint64_t tsn, bool in_row)
{
    size_t index = pieces_before(assembly, tsn);
    struct sctp_piece *left = index > 0 ? assembly->pieces[index - 1] : NULL;
    struct sctp_piece *right = index < assembly->piece_count ? assembly->pieces[index] : NULL;
    struct sctp_stream *stream = sctp_streams_open(assembly->streams, data->stream);

    if (!stream) {
        return SCTP_ASSEMBLY_NO_ROOM;
    }
    stream->in_used = true;
    left = left && left->last + 1 == tsn && !(left->flags & SCTP_DATA_END) ? left : NULL;
    right = right && right->first == tsn + 1 ? right : NULL;
    if ((left && !may_follow(left, data)) || (right && !may_precede(data, right))) {
        return SCTP_ASSEMBLY_VIOLATION;
    }
    right = data->flags & SCTP_DATA_END ? NULL : right;
    if (left) {
        return append(assembly, index - 1, data, right, in_row);
    }
    if (data->flags & SCTP_DATA_BEGIN && data->flags & SCTP_DATA_END) {
        return add_single(assembly, data, tsn);
    }
    if (in_row && !(data->flags & SCTP_DATA_BEGIN)) {
        // Nothing can come before it any more. After a FORWARD TSN it is the tail of what was
        // abandoned.
        return assembly->has_skipped ? SCTP_ASSEMBLY_TAKEN : SCTP_ASSEMBLY_VIOLATION;
    }
    return insert(assembly, index, data, tsn, right, in_row);
}

// ---- skipping and resetting

void sctp_assembly_skip(struct sctp_assembly *assembly, uint64_t tsn)
{
    size_t count = pieces_before(assembly, tsn + 1);

    assembly->has_skipped = true;
    for (size_t i = 0; i < count; i++) {
        free_piece(assembly, assembly->pieces[i]);
    }
    assembly->piece_count -= count;
    if (assembly->piece_count > 0 && count > 0) {
        memmove(assembly->pieces, assembly->pieces + count,
            assembly->piece_count * sizeof(struct sctp_piece *));
    }
}

bool sctp_assembly_skip_stream(struct sctp_assembly *assembly, uint16_t id, uint16_t ssn)
{
    struct sctp_stream *stream = sctp_streams_open(assembly->streams, id);

    if (!stream) {
        return false;
    }
    uint64_t last = unwrap_u16(stream->ssn_in, ssn);
    while (stream->held_head && stream->held_head->ssn <= last) {
        stream->ssn_in = stream->held_head->ssn;
        deliver_held(assembly, stream);
    }
    if (stream->ssn_in <= last) {
        stream->ssn_in = last + 1;
        stream->in_used = true;
    }
    deliver_held(assembly, stream);
    return true;
}

bool sctp_assembly_reset_stream(struct sctp_assembly *assembly, uint16_t id)
{
    struct sctp_stream *stream = sctp_streams_open(assembly->streams, id);
    struct sctp_piece *mark = stream ? make_piece(assembly, 1) : NULL;

    if (!mark) {
        return false;
    }
    *mark = (struct sctp_piece){.stream = id, .is_reset = true, .room = mark->room};
    free_list(assembly, stream->held_head); // What they waited for never comes.
    stream->held_head = stream->held_tail = NULL;
    stream->ssn_in = unwrap_start_u16(0);
    stream->in_used = false;
    make_ready(assembly, mark);
    return true;
}

const struct sctp_piece *sctp_assembly_next(struct sctp_assembly *assembly)
{
    struct sctp_piece *piece = assembly->ready_head;

    sctp_assembly_release(assembly);
    if (!piece) {
        return NULL;
    }
    assembly->ready_head = piece->next;
    if (!assembly->ready_head) {
        assembly->ready_tail = NULL;
    }
    assembly->lent = piece;
    return piece;
}

void sctp_assembly_release(struct sctp_assembly *assembly)
{
    if (assembly->lent) {
        free_piece(assembly, assembly->lent);
        assembly->lent = NULL;
    }
}
