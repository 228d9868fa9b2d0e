/* SPDX-License-Identifier: MIT
 *
 * What the sinks of this process write; see outputs.h. Sinks are created before any source
 * starts, so a source sees also those that will start after it.
 */
#include "outputs.h"

#include <pthread.h>
#include <stdlib.h>

struct output {
    struct output *next;
    const void *sink;
    const char *pipeline, *path;
    dev_t device;
    ino_t inode;
    int opened;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct output *all;

lr_status outputs_add(const void *sink, const char *pipeline, const char *path,
                      struct lr_error *err)
{
    struct output *output = calloc(1, sizeof *output);

    if (!output)
        return lr_fail(err, LR_ENOMEM, "no memory for a file sink");
    (void)pthread_mutex_lock(&mutex);
    *output = (struct output){.next = all, .sink = sink, .pipeline = pipeline, .path = path};
    all = output;
    (void)pthread_mutex_unlock(&mutex);
    return LR_OK;
}

void outputs_opened(const void *sink, const struct stat *about)
{
    (void)pthread_mutex_lock(&mutex);
    for (struct output *output = all; output; output = output->next)
        if (output->sink == sink) {
            output->device = about->st_dev;
            output->inode = about->st_ino;
            output->opened = 1;
        }
    (void)pthread_mutex_unlock(&mutex);
}

void outputs_drop(const void *sink)
{
    struct output **link = &all;

    (void)pthread_mutex_lock(&mutex);
    while (*link && (*link)->sink != sink)
        link = &(*link)->next;
    if (*link) {
        struct output *output = *link;

        *link = output->next;
        free(output);
    }
    (void)pthread_mutex_unlock(&mutex);
}

static int is_written(const struct output *output, const struct stat *about)
{
    struct stat named;

    if (output->opened && output->device == about->st_dev && output->inode == about->st_ino)
        return 1;
    return stat(output->path, &named) == 0 && named.st_dev == about->st_dev &&
           named.st_ino == about->st_ino;
}

int outputs_have(const char *pipeline, const struct stat *about)
{
    int found = 0;

    (void)pthread_mutex_lock(&mutex);
    for (const struct output *output = all; output && !found; output = output->next)
        found = strcmp(output->pipeline, pipeline) == 0 && is_written(output, about);
    (void)pthread_mutex_unlock(&mutex);
    return found;
}
