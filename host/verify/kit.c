/* SPDX-License-Identifier: MIT
 *
 * What a test has at hand in its child: findings, batches, a look at the process.
 */
#include <dirent.h>
#include <lrhost/error.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "verify.h"

/* ---- what is said --------------------------------------------------------------------------- */

void lrh_finding(struct lrh_kit *kit, const char *rule, const char *format, ...)
{
    struct lrh_verdict *verdict = kit->verdict;
    uint32_t i = 0;
    va_list args;

    while (i < verdict->n_findings && strcmp(verdict->findings[i].rule, rule) != 0)
        i++;
    if (i < verdict->n_findings || i == LRH_MAX_FINDINGS)
        return; /* the first one of a rule says it */
    va_start(args, format);
    (void)vsnprintf(verdict->findings[i].text, sizeof verdict->findings[i].text, format, args);
    va_end(args);
    (void)snprintf(verdict->findings[i].rule, sizeof verdict->findings[i].rule, "%s", rule);
    verdict->n_findings++;
}

void lrh_doing(struct lrh_kit *kit, const char *rule, const char *format, ...)
{
    va_list args;

    (void)snprintf(kit->verdict->rule, sizeof kit->verdict->rule, "%s",
                   kit->crash_rule ? kit->crash_rule : rule);
    va_start(args, format);
    (void)vsnprintf(kit->verdict->doing, sizeof kit->verdict->doing, format, args);
    va_end(args);
}

void lrh_note(struct lrh_kit *kit, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(kit->verdict->note, sizeof kit->verdict->note, format, args);
    va_end(args);
}

void lrh_skip(struct lrh_kit *kit, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(kit->verdict->note, sizeof kit->verdict->note, format, args);
    va_end(args);
    kit->verdict->skipped = 1;
    lrh_done(kit);
}

/* Under a leak sanitizer (a module built with it, its library preloaded) the child asks it. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

void lrh_done(struct lrh_kit *kit)
{
    if (__lsan_do_recoverable_leak_check && kit->verdict->n_findings == 0 &&
        __lsan_do_recoverable_leak_check() != 0)
        lrh_finding(kit, "leak.memory", "LeakSanitizer found leaks; its report is above");
    kit->verdict->done = 1;
    (void)fflush(NULL);
    _exit(0);
}

static uint32_t count_names(const char *folder, const char *but)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    uint32_t n = 0;

    while (dir && (entry = readdir(dir)) != NULL) {
        char name[300], target[16] = "";

        (void)snprintf(name, sizeof name, "%s/%s", folder, entry->d_name);
        n += !but || readlink(name, target, sizeof target - 1) < 0 ||
             strncmp(target, but, strlen(but)) != 0;
    }
    if (dir)
        (void)closedir(dir);
    return n;
}

uint32_t lrh_count_threads(void)
{
    return count_names("/proc/self/task", NULL);
}

/* Events, timers and epoll sets reach nothing outside of the process. */
uint32_t lrh_count_open(void)
{
    return count_names("/proc/self/fd", "anon_inode:");
}

uint32_t lrh_count_files(void)
{
    return count_names("/proc/self/fd", NULL);
}

/* ---- batches -------------------------------------------------------------------------------- */

/* Batches that a test leaves behind are no leak of the plugin's: they stay within sight. */
#define KEPT 4096u
static struct lr_fake_batch *kept[KEPT];
static uint32_t n_kept;

struct lr_fake_batch *lrh_batch(struct lrh_kit *kit, const struct lrh_subject *s,
                                struct lr_fake_shape shape, uint64_t seed)
{
    struct lr_fake_batch *batch = NULL;

    shape.n_features = s->schema.n_features ? s->schema.n_features : 3;
    shape.n_outputs = s->schema.n_outputs ? s->schema.n_outputs : 1;
    if (lr_fake_batch_create(&shape, seed, &batch) != LR_OK)
        lrh_skip(kit, "no memory for a batch of %u records", shape.count);
    kept[n_kept++ % KEPT] = batch;
    return batch;
}

/* "1.25,3.5;2.375": what the text codec and the generator speak. */
static int text_record(char *text, size_t size, const double *x, uint32_t n)
{
    double sum = 0;
    int used = 0;

    for (uint32_t j = 0; j < n && used >= 0 && (size_t)used < size; j++) {
        used += snprintf(text + used, size - (size_t)used, "%s%.6f", j ? "," : "", x[j]);
        sum += x[j];
    }
    if ((size_t)used < size)
        used += snprintf(text + used, size - (size_t)used, ";%.6f", sum / (n ? n : 1));
    return (size_t)used < size ? used : (int)size - 1;
}

/* Line i of a file, counted round and round. Static memory. */
static const char *record_of_file(struct lrh_kit *kit, uint32_t i, uint32_t *ret_len)
{
    static char *text, *lines[4096];
    static uint32_t n;

    if (!text) {
        FILE *in = fopen(kit->args->records, "re");
        size_t size = 0;

        if (!in || getdelim(&text, &size, '\0', in) <= 0)
            lrh_skip(kit, "--records %s: cannot be read", kit->args->records);
        (void)fclose(in);
        for (char *line = strtok(text, "\n"); line && n < 4096; line = strtok(NULL, "\n"))
            lines[n++] = line;
    }
    *ret_len = (uint32_t)strlen(lines[i % n]);
    return lines[i % n];
}

void lrh_fill_records(struct lrh_kit *kit, const struct lrh_subject *s, struct lr_fake_batch *batch)
{
    const size_t room = 32 * ((size_t)s->schema.n_features + 2);
    char *text = malloc(room);
    lr_status status = text ? LR_OK : LR_ENOMEM;

    for (uint32_t i = 0; status == LR_OK && i < batch->batch.count; i++) {
        if (kit->args->records) {
            uint32_t len = 0;
            const char *line = record_of_file(kit, i, &len);

            status = lr_fake_batch_value(batch, i, line, len);
        } else {
            int len = text_record(text, room, lr_fake_x(batch, i), batch->batch.n_features);

            status = lr_fake_batch_value(batch, i, text, (uint32_t)len);
        }
    }
    free(text);
    if (status != LR_OK)
        lrh_skip(kit, "no memory for %u records", batch->batch.count);
}

struct lr_fake_batch *lrh_sink_batch(struct lrh_kit *kit, struct lrh_subject *s, uint32_t count,
                                     struct lr_fake_pages *ret_bytes)
{
    struct lr_fake_shape shape = {.count = count, .token = s->next_token};
    struct lr_fake_batch *batch = lrh_batch(kit, s, shape, s->next_token);
    const uint32_t room = 64;

    s->next_token += count;
    batch->batch.streams = s->streams;
    for (uint32_t i = 0; i < count; i++)
        lr_batch_record(&batch->batch, i)->offset = s->position + i;
    s->position += count;
    if (count)
        batch->batch.spans[0].next = s->position;
    lrh_fill_records(kit, s, batch);
    if (lr_fake_pages_init(ret_bytes, (size_t)room * count, 1) != LR_OK)
        lrh_skip(kit, "no memory for %u records", count);
    for (uint32_t i = 0; i < count; i++) {
        char *at = (char *)ret_bytes->at + (size_t)i * room;
        int len = snprintf(at, room, "%llu.5,2.25,3.125;2.0;1.75;1700000000000",
                           (unsigned long long)(batch->batch.token + i));

        batch->batch.encoded[i] = (struct lr_bytes){.data = at, .len = (uint32_t)len};
        batch->batch.y[i] = 2.0;
        *lr_fake_out(batch, i) = 1.75;
    }
    batch->batch.t2_ns = batch->batch.read_ns + 1000;
    return batch;
}
