/* SPDX-License-Identifier: MIT
 *
 * Secrets among librdkafka's properties: file:PATH and env:NAME instead of the value itself.
 *
 * The host resolves options of type SECRET by itself, but librdkafka's properties come as a
 * prefix, so the same two references are understood here. A value is handed to librdkafka and
 * forgotten; it is in no message, whatever goes wrong. librdkafka keeps it, so the process that
 * holds it writes no core file and shows its memory to nobody but root, as the host does it for its
 * own.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kafka.h"

#define SECRET_MAX 65536 /* bytes of a file: a private key with its chain fits */

int secret_is(const char *property)
{
    static const char *const names[] = {
        "sasl.password", "ssl.key.password",        "ssl.keystore.password",
        "ssl.key.pem",   "sasl.oauthbearer.config", "sasl.oauthbearer.client.secret",
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], property) == 0)
            return 1;
    return 0;
}

void secret_guard(const char *property)
{
    if (secret_is(property) || strcmp(property, "ssl.key.location") == 0 ||
        strcmp(property, "ssl.keystore.location") == 0)
        (void)prctl(PR_SET_DUMPABLE, 0);
}

int secret_is_exposed(const char *value)
{
    struct stat st;

    return strncmp(value, "file:", 5) == 0 && stat(value + 5, &st) == 0 && S_ISREG(st.st_mode) &&
           (st.st_mode & S_IROTH);
}

/* systemd gives credentials to the start of a service; to ExecReload= their folder is closed
 * (systemd issue 35227), and there a file is judged that was started with them. */
int secret_is_withheld(const char *value)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    size_t n = folder ? strlen(folder) : 0;

    return n > 0 && strncmp(value, "file:", 5) == 0 && strncmp(value + 5, folder, n) == 0 &&
           value[5 + n] == '/' && access(folder, X_OK) != 0 && errno == EACCES;
}

int secret_is_reference(const char *value)
{
    return strncmp(value, "file:", 5) == 0 || strncmp(value, "env:", 4) == 0;
}

static lr_status read_file(const char *property, const char *path, char **ret_value,
                           struct lr_error *err)
{
    FILE *file = fopen(path, "re");
    int too_long;
    char *value;
    size_t n;

    if (!file)
        return lr_fail(err, LR_ECONFIG, "kafka.%s: '%s' cannot be read: %s", property, path,
                       strerror(errno));
    value = malloc(SECRET_MAX + 1);
    if (!value) {
        (void)fclose(file);
        return lr_fail(err, LR_ENOMEM, "no memory for kafka.%s", property);
    }
    n = fread(value, 1, SECRET_MAX + 1, file);
    (void)fclose(file);
    too_long = n > SECRET_MAX;
    if (!too_long && n > 0 && value[n - 1] == '\n') /* as editors and echo leave it */
        n--;
    if (!too_long && n > 0 && value[n - 1] == '\r')
        n--;
    if (too_long || n == 0 || memchr(value, '\0', n)) {
        free(value);
        return lr_fail(err, LR_ECONFIG, "kafka.%s: '%s' is %s", property, path,
                       n == 0 ? "empty" : "not a text of at most 64 KiB");
    }
    value[n] = '\0';
    *ret_value = value;
    return LR_OK;
}

lr_status secret_resolve(const char *property, const char *value, char **ret_value,
                         struct lr_error *err)
{
    if (strncmp(value, "file:", 5) == 0)
        return read_file(property, value + 5, ret_value, err);
    if (strncmp(value, "env:", 4) == 0) {
        const char *found = getenv(value + 4);

        if (!found || !*found)
            return lr_fail(err, LR_ECONFIG, "kafka.%s: the environment has no variable '%s'",
                           property, value + 4);
        value = found;
    }
    *ret_value = strdup(value);
    return *ret_value ? LR_OK : lr_fail(err, LR_ENOMEM, "no memory for kafka.%s", property);
}
