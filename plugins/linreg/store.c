/* SPDX-License-Identifier: MIT
 *
 * Models in JSON files; see store.h. The only file that includes jansson.h.
 */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <lrhost/error.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* "an integer", "a string", ... */
static const char *kind_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_NULL:
        return "null";
    default:
        return "true or false";
    }
}

static lr_status read_bias(const json_t *root, double *ret_bias, struct lr_error *err)
{
    const json_t *bias = json_object_get(root, "bias");

    if (!bias)
        return lr_fail(err, LR_EDATA, "the key \"bias\" is missing; it must be a number");
    if (!json_is_number(bias))
        return lr_fail(err, LR_EDATA, "\"bias\" is %s; it must be a number", kind_of(bias));
    *ret_bias = json_number_value(bias);
    return LR_OK;
}

static lr_status read_weights(const json_t *root, struct stored *stored, struct lr_error *err)
{
    const json_t *weights = json_object_get(root, "weights");
    size_t n = json_array_size(weights);

    if (!weights)
        return lr_fail(err, LR_EDATA,
                       "the key \"weights\" is missing; it must be an array of numbers");
    if (!json_is_array(weights))
        return lr_fail(err, LR_EDATA, "\"weights\" is %s; it must be an array of numbers",
                       kind_of(weights));
    if (n < 1 || n > STORE_FEATURES_MAX)
        return lr_fail(err, LR_EDATA, "\"weights\" has %zu numbers; 1 to %u are possible", n,
                       STORE_FEATURES_MAX);
    stored->weights = calloc(n, sizeof *stored->weights);
    if (!stored->weights)
        return lr_fail(err, LR_ENOMEM, "out of memory for %zu weights", n);
    for (size_t j = 0; j < n; j++) {
        const json_t *weight = json_array_get(weights, j);

        if (!json_is_number(weight))
            return lr_fail(err, LR_EDATA, "weight %zu is %s; it must be a number", j,
                           kind_of(weight));
        stored->weights[j] = json_number_value(weight);
    }
    stored->features = (uint32_t)n;
    return LR_OK;
}

static lr_status check_features(const json_t *root, uint32_t n_weights, struct lr_error *err)
{
    const json_t *features = json_object_get(root, "features");

    if (!features)
        return LR_OK;
    if (!json_is_integer(features))
        return lr_fail(err, LR_EDATA, "\"features\" is %s; it must be a whole number",
                       json_is_real(features) ? "a fraction" : kind_of(features));
    if (json_integer_value(features) != (json_int_t)n_weights)
        return lr_fail(err, LR_EDATA, "\"features\" says %lld, but there are %u weights",
                       (long long)json_integer_value(features), n_weights);
    return LR_OK;
}

/* Parses the file into *ret_root. */
static lr_status parse(FILE *file, json_t **ret_root, struct lr_error *err)
{
    json_error_t where;
    struct stat info;
    json_t *root;

    if (fstat(fileno(file), &info) == 0 && S_ISDIR(info.st_mode))
        return lr_fail(err, LR_EUNAVAILABLE, "it is a folder, not a file");
    root = json_loadf(file, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);
    if (ferror(file)) {
        json_decref(root);
        return lr_fail(err, LR_EUNAVAILABLE, "reading failed: %s", strerror(errno));
    }
    if (!root)
        return lr_fail(err, LR_EDATA, "line %d, column %d: not valid JSON: %s%s", where.line,
                       where.column, where.text,
                       strstr(where.text, "NaN") || strstr(where.text, "Inf")
                           ? " (JSON has no number of that name)"
                           : "");
    if (!json_is_object(root)) {
        (void)lr_fail(err, LR_EDATA,
                      "the file holds %s; it must be an object with \"bias\" and \"weights\"",
                      kind_of(root));
        json_decref(root);
        return LR_EDATA;
    }
    *ret_root = root;
    return LR_OK;
}

lr_status store_load(const char *path, struct stored *ret_stored, struct lr_error *err)
{
    struct stored stored = {0};
    json_t *root = NULL;
    lr_status status;
    FILE *file = fopen(path, "re");

    if (!file)
        return lr_fail(err, LR_EUNAVAILABLE, "model file '%s': cannot be opened: %s", path,
                       strerror(errno));
    status = parse(file, &root, err);
    if (status == LR_OK)
        status = read_bias(root, &stored.bias, err);
    if (status == LR_OK)
        status = read_weights(root, &stored, err);
    if (status == LR_OK)
        status = check_features(root, stored.features, err);
    json_decref(root);
    (void)fclose(file);
    if (status) {
        free(stored.weights);
        lr_context(err, "model file '%.200s'", path);
        return status;
    }
    *ret_stored = stored;
    return LR_OK;
}

/* NULL: out of memory, or a number that JSON cannot hold. */
static json_t *to_json(const struct stored *stored)
{
    json_t *weights = json_array();

    for (uint32_t j = 0; j < stored->features; j++)
        if (json_array_append_new(weights, json_real(stored->weights[j]))) {
            json_decref(weights);
            return NULL;
        }
    return json_pack("{s:f, s:o, s:i, s:I, s:f, s:s}", "bias", stored->bias, "weights", weights,
                     "features", (int)stored->features, "seed", (json_int_t)stored->seed, "noise",
                     stored->noise, "note", stored->note);
}

static int write_file(int fd, const json_t *root)
{
    int failed = json_dumpfd(root, fd, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) ||
                 write(fd, "\n", 1) != 1 || fsync(fd);
    int why = errno;

    if (close(fd) && !failed)
        return -1;
    errno = why;
    return failed ? -1 : 0;
}

lr_status store_save(const char *path, const struct stored *stored, struct lr_error *err)
{
    size_t room = strlen(path) + 32;
    char *beside = malloc(room);
    json_t *root = to_json(stored);
    lr_status status = LR_OK;
    int fd;

    if (!beside || !root) {
        status = lr_fail(err, LR_ENOMEM, "model file '%.200s': out of memory", path);
        goto out;
    }
    (void)snprintf(beside, room, "%s.tmp-%ld", path, (long)getpid());
    fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) {
        status = lr_fail(err, LR_EUNAVAILABLE, "model file '%.200s': cannot be created: %s", path,
                         strerror(errno));
        goto out;
    }
    if (write_file(fd, root) || rename(beside, path)) {
        status = lr_fail(err, LR_EUNAVAILABLE, "model file '%.200s': cannot be written: %s", path,
                         strerror(errno));
        (void)unlink(beside);
    }
out:
    json_decref(root);
    free(beside);
    return status;
}
