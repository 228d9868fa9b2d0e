/* SPDX-License-Identifier: MIT
 *
 * Records -> lines in a buffer; see linebuf.h.
 */
#include "linebuf.h"

#include <stdlib.h>

lr_status linebuf_init(struct linebuf *buffer, size_t size, struct lr_error *err)
{
    *buffer = (struct linebuf){.data = malloc(size), .size = size};
    if (!buffer->data)
        return lr_fail(err, LR_ENOMEM, "no memory for an output buffer of %zu bytes", size);
    return LR_OK;
}

void linebuf_finish(struct linebuf *buffer)
{
    free(buffer->data);
    *buffer = (struct linebuf){0};
}

static lr_status grow(struct linebuf *buffer, size_t size, struct lr_error *err)
{
    char *data = realloc(buffer->data, size);

    if (!data)
        return lr_fail(err, LR_ENOMEM, "no memory for a record of %zu bytes", size);
    buffer->data = data;
    buffer->size = size;
    return LR_OK;
}

lr_status linebuf_fill(struct linebuf *buffer, const struct lr_batch *batch, uint32_t first,
                       uint32_t count, uint32_t *ret_taken, struct lr_error *err)
{
    const struct lr_bytes *value = batch->encoded + first;
    size_t used = 0;
    uint32_t n;

    if ((size_t)value->len + 1 > buffer->size) {
        lr_status status = grow(buffer, (size_t)value->len + 1, err);

        if (status != LR_OK)
            return status;
    }
    for (n = 0; n < count && value[n].len < buffer->size - used; n++) {
        if (value[n].len > 0)
            memcpy(buffer->data + used, value[n].data, value[n].len);
        used += value[n].len;
        buffer->data[used++] = '\n';
    }
    buffer->used = used;
    buffer->sent = 0;
    buffer->token = batch->token + first;
    buffer->count = n;
    *ret_taken = n;
    return LR_OK;
}

void linebuf_reset(struct linebuf *buffer)
{
    buffer->used = buffer->sent = 0;
    buffer->count = 0;
}

void linebuf_settle(struct linebuf *buffer, const struct lr_host *host)
{
    uint32_t count = buffer->count;

    linebuf_reset(buffer);
    host->settle(host->ctx, buffer->token, count, LR_DELIVERED);
}
