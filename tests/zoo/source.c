/* SPDX-License-Identifier: MIT
 *
 * A source of the zoo: a thousand records "record N" of one stream, dealt out to the lanes.
 */
#include "store.h"

#define TOTAL 1000
#define WIDTH 16

struct zoo {
    struct life life;
    struct lr_stream stream;
    const struct lr_stream *streams[1];
    struct lr_event event;
    int64_t next, peeked;
    int32_t announced, told, ended, n_held, n_released;
    void *held[64];
    char buffer[64 * WIDTH];
};

static size_t zoo_size(void)
{
    return sizeof(struct zoo);
}

static void *zoo_of(struct life *life)
{
    return life;
}

static int64_t first_of(const struct zoo *zoo)
{
    return zoo->life.host->lane;
}

static int64_t step_of(const struct zoo *zoo)
{
#if WRONG_lanes
    return 1;
#endif
    return zoo->life.host->lanes;
}

static lr_status source_start(void *self, struct lr_error *err)
{
    struct zoo *zoo = self;

    zoo->next = first_of(zoo);
#if WRONG_lanes
    zoo->next = 0;
#endif
    zoo->stream = (struct lr_stream){.size = sizeof zoo->stream,
                                     .topic = "zoo",
                                     .partition = -1,
                                     .next = zoo->next,
                                     .end = TOTAL};
    zoo->streams[0] = &zoo->stream;
    zoo->event = (struct lr_event){.size = sizeof zoo->event,
                                   .kind = LR_EVENT_ASSIGN,
                                   .n_streams = 1,
                                   .streams = zoo->streams};
    return start(self, err);
}
#undef ZOO_START
#define ZOO_START source_start

static void put(struct zoo *zoo, struct lr_batch *batch, char *at, int64_t offset)
{
    struct lr_record *r = lr_batch_record(batch, batch->count++);
    int len = snprintf(at, WIDTH, "record %lld", (long long)offset);

    (void)zoo;
    *r = (struct lr_record){
        .value = at, .value_len = (uint32_t)len, .offset = offset, .timestamp_ns = -1};
}

/* Records up to `end`. */
static void fill(struct zoo *zoo, struct lr_batch *batch, uint32_t max, int64_t end)
{
#if WRONG_borrow
    char *memory = zoo->buffer;
#else
    char *memory = malloc((size_t)max * WIDTH + WIDTH);
#endif

    batch->hold = memory;
    batch->count = 0;
    while (memory && batch->count < max && zoo->next < end) {
        put(zoo, batch, memory + batch->count * WIDTH, zoo->next);
        zoo->next += step_of(zoo);
    }
#if WRONG_max
    if (max == 7 && zoo->next < TOTAL) {
        put(zoo, batch, memory + 7 * WIDTH, zoo->next);
        zoo->next += step_of(zoo);
    }
#endif
    batch->spans[0] = (struct lr_span){0, batch->count, zoo->next};
    batch->n_spans = 1;
#if WRONG_order
    if (zoo->next == 288)
        zoo->next = 280;
#endif
#if WRONG_spans
    batch->spans[0].count -= batch->count > 1;
#endif
    zoo->held[zoo->n_held++ % 64] = memory;
}

static lr_status poll(void *self, struct lr_batch *batch, uint32_t max, const int64_t *until,
                      uint32_t n_until, int64_t timeout_ns, const struct lr_event **ret_event,
                      struct lr_error *err)
{
    struct zoo *zoo = self;
    int64_t end = TOTAL;

    (void)timeout_ns;
    (void)err;
    used(&zoo->life);
#if WRONG_assign
    zoo->announced = 1;
#endif
#if WRONG_event
    if (zoo->told++ == 0) {
#else
    if (!zoo->announced) {
#endif
        *ret_event = &zoo->event;
        return LR_REBALANCE;
    }
#if WRONG_poll
    if (zoo->next >= 500)
        abort();
#endif
#if WRONG_time
    if (zoo->next >= 500 && !zoo->peeked++)
        nap(1500000000);
#endif
    if (zoo->next >= TOTAL) {
#if WRONG_end
        if (zoo->ended++)
            return LR_AGAIN;
#endif
        return LR_END;
    }
    if (max > batch->capacity)
        max = batch->capacity;
#if !WRONG_until
    if (until && n_until > 0 && until[0] < end)
        end = until[0];
#endif
#if WRONG_none
    max += max == 0;
#endif
    if (max == 0 || zoo->next >= end)
        return LR_AGAIN;
    fill(zoo, batch, max, end);
    return batch->count ? LR_OK : LR_AGAIN;
}

static lr_status rebalanced(void *self, struct lr_error *err)
{
    (void)err;
    ((struct zoo *)self)->announced = 1;
    return LR_OK;
}

static void release(void *self, struct lr_batch *batch)
{
#if WRONG_release
    struct zoo *zoo = self;
    if (zoo->held[zoo->n_released++ % 64] != batch->hold)
        abort();
#endif
    (void)self;
#if !WRONG_borrow
    free(batch->hold);
#endif
    batch->hold = NULL;
}

static lr_status commit(void *self, const struct lr_position *positions, uint32_t n, int32_t wait,
                        struct lr_error *err)
{
    (void)wait;
#if WRONG_commit
    return LR_OK;
#endif
    return n ? store_position(self, positions[0].next, err) : LR_OK;
}

static lr_status committed(void *self, struct lr_position *positions, uint32_t n,
                           struct lr_error *err)
{
    struct zoo *zoo = self;
    int64_t next = stored_position(self);

    (void)err;
    for (uint32_t i = 0; i < n; i++)
        positions[i].next = next >= 0 ? next : first_of(zoo);
    return LR_OK;
}

static lr_status seek(void *self, const struct lr_position *positions, uint32_t n,
                      struct lr_error *err)
{
    struct zoo *zoo = self;

    (void)err;
    if (n)
        zoo->next = positions[0].next;
#if WRONG_seek
    zoo->next++;
#endif
    return LR_OK;
}

static lr_status ends(void *self, struct lr_position *positions, uint32_t n, struct lr_error *err)
{
    (void)self;
    (void)err;
    for (uint32_t i = 0; i < n; i++)
        positions[i].next = TOTAL;
#if WRONG_ends
    positions[0].next = 0;
#endif
    return LR_OK;
}

static int fd(void *self)
{
    (void)self;
    return 999;
}

static const struct lr_source ops = {
    .size = sizeof ops,
    .caps = LR_SOURCE_REPLAY | LR_SOURCE_SPLIT
#if !WRONG_ends_caps
            | LR_SOURCE_ENDS
#endif
    ,
#if WRONG_fd
    .fd = fd,
#endif
    .poll = poll,
    .rebalanced = rebalanced,
    .release = release,
    .commit = commit,
    .committed = committed,
    .seek = seek,
    .ends = ends
};

ZOO_MODULE(LR_SOURCE, ops)
