/* SPDX-License-Identifier: MIT
 *
 * See child.h. The child writes what it has to say to one pipe: the text, and behind it a record
 * with the status and the sentence, so that a child which stops in the middle is told from one that
 * is done. Standard output and error are a second pipe, whose beginning is kept to be quoted.
 *
 * The child leads a session of its own: the terminal is not its business, and what it started is
 * killed with it. It dies with the parent, and it leaves no core file in a folder where somebody
 * only asked for a list. It ends by _exit: what a module registered for the end does not run.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <lrhost/error.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash.h"
#include "escape.h"
#include "system.h"

#define PATIENCE_S 10
#define NS_PER_S (INT64_C(1000) * 1000 * 1000)
#define TEXT_MAX ((size_t)4 << 20)
#define NOISE_MAX ((size_t)512)

/* What ends the text. */
struct closing {
    int32_t status;
    char sentence[1016];
};

struct buffer {
    int fd; /* -1: at its end */
    size_t limit;
    char *data;
    size_t n;
    int too_much; /* more came than is kept */
};

/* ---- the child --------------------------------------------------------------------------- */

_Noreturn static void be_child(lr_status (*work)(void *, FILE *, struct lr_error *), void *ctx,
                               int answer_fd, int noise_fd, pid_t parent)
{
    const struct rlimit no_core = {0, 0};
    struct closing closing = {0};
    struct lr_error err = LR_ERROR_INIT;
    int null_fd = open("/dev/null", O_RDONLY);
    FILE *out;

    (void)setsid();
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    lrh_crash_hush();
    if (getppid() != parent || null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 ||
        dup2(noise_fd, STDOUT_FILENO) < 0 || dup2(noise_fd, STDERR_FILENO) < 0)
        _exit(1);
    out = fdopen(answer_fd, "w");
    if (!out)
        _exit(1);
    closing.status = work(ctx, out, &err);
    (void)snprintf(closing.sentence, sizeof closing.sentence, "%s", err.text);
    (void)fwrite(&closing, sizeof closing, 1, out);
    _exit(fflush(out) == 0 && fflush(stdout) == 0 ? 0 : 1);
}

/* ---- the parent -------------------------------------------------------------------------- */

/* Takes what is there; at the end of the pipe fd becomes -1. 0, or -1: no memory. */
static int take(struct buffer *b)
{
    char bytes[4096];
    ssize_t n = read(b->fd, bytes, sizeof bytes);
    size_t keep;
    char *more;

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (n <= 0) {
        (void)close(b->fd);
        b->fd = -1;
        return 0;
    }
    keep = (size_t)n < b->limit - b->n ? (size_t)n : b->limit - b->n;
    b->too_much |= keep < (size_t)n;
    more = realloc(b->data, b->n + keep + 1);
    if (!more)
        return -1;
    memcpy(more + b->n, bytes, keep);
    b->data = more;
    b->n += keep;
    b->data[b->n] = '\0';
    return 0;
}

/* What is still in the pipe of a child that has ended. Nobody waits for what it left behind. */
static int take_rest(struct buffer *b)
{
    struct pollfd p = {.fd = b->fd, .events = POLLIN};
    int result = 0;

    while (result == 0 && b->fd >= 0 && !b->too_much && poll(&p, 1, 0) > 0)
        result = take(b);
    return result;
}

/* Reads both pipes until the child has ended. 0: *ret_how is its wait status; 1: it had to be
 * killed; -1: no memory. In any case the child is gone. */
static int attend(pid_t pid, struct buffer *answer, struct buffer *noise, int *ret_how)
{
    const int64_t deadline = lrh_system_real.monotonic_ns(NULL) + PATIENCE_S * NS_PER_S;

    for (;;) {
        struct pollfd p[2] = {{.fd = answer->fd, .events = POLLIN},
                              {.fd = noise->fd, .events = POLLIN}};
        int closed = answer->fd < 0 && noise->fd < 0, failed = 0;

        /* Both are closed by its end, or a moment before it; one may be held open by a process
         * that the child has started. */
        if (poll(p, 2, closed ? 1 : 50) > 0) {
            if (p[0].revents)
                failed |= take(answer);
            if (p[1].revents)
                failed |= take(noise);
        }
        if (waitpid(pid, ret_how, WNOHANG) == pid) {
            failed |= take_rest(answer) | take_rest(noise);
            (void)kill(-pid, SIGKILL); /* what it started */
            return failed ? -1 : 0;
        }
        if (!failed && !answer->too_much && lrh_system_real.monotonic_ns(NULL) < deadline)
            continue;
        (void)kill(-pid, SIGKILL);
        (void)kill(pid, SIGKILL); /* if it was too young to have a group */
        while (waitpid(pid, ret_how, 0) < 0 && errno == EINTR)
            ;
        return failed ? -1 : 1;
    }
}

/* The beginning of the noise in one line, for a sentence. */
static void quote(const struct buffer *noise, char *to, size_t size)
{
    const char *at = noise->data ? noise->data : "";
    size_t used = 0;

    while (*at == '\n')
        at++;
    while (*at && *at != '\n' && used + LRH_ESCAPE_UNIT + 4 < size) {
        size_t n = 0;

        used += lrh_escape_unit(at, LRH_ESCAPE_PLAIN, to + used, &n);
        at += n;
    }
    (void)strcpy(to + used, at[0] && at[strspn(at, "\n")] ? "..." : "");
}

static lr_status bad_end(int killed, int how, const struct buffer *answer, const char *noise,
                         struct lr_error *err)
{
    const char *said = noise[0] ? "; it said: " : "";
    int number = WIFSIGNALED(how) ? WTERMSIG(how) : 0;

    if (answer->too_much)
        return lr_fail(err, LR_EINTERNAL, "has more to say about itself than %zu bytes%s%s",
                       TEXT_MAX, said, noise);
    if (killed)
        return lr_fail(err, LR_EINTERNAL,
                       "is not done with being loaded after %d s (a loop or a wait in its "
                       "constructor?)%s%s",
                       PATIENCE_S, said, noise);
    if (number)
        return lr_fail(err, LR_EINTERNAL,
                       "ends its process by SIG%s while it is loaded, a defect of the module%s%s",
                       sigabbrev_np(number) ? sigabbrev_np(number) : "?", said, noise);
    return lr_fail(err, LR_EINTERNAL,
                   "ends its process with exit code %d while it is loaded, which a module must not "
                   "do%s%s",
                   WEXITSTATUS(how), said, noise);
}

/* The answer of a child that has ended: text, or a sentence. */
static lr_status conclude(int killed, int how, const char *what, struct buffer *answer,
                          struct lrh_answer *ret, struct lr_error *err)
{
    struct closing closing;

    if (killed || !WIFEXITED(how) || WEXITSTATUS(how) != 0 || answer->n < sizeof closing) {
        lr_status status = bad_end(killed, how, answer, ret->noise, err);

        lr_context(err, "%s", what);
        return status;
    }
    answer->n -= sizeof closing;
    memcpy(&closing, answer->data + answer->n, sizeof closing);
    closing.sentence[sizeof closing.sentence - 1] = '\0';
    if (closing.status != LR_OK)
        return lr_fail(err, closing.status < 0 ? closing.status : LR_EINTERNAL, "%s",
                       closing.sentence);
    answer->data[answer->n] = '\0';
    for (size_t i = 0; i < answer->n; i++) /* what steers a terminal is not for a module to say */
        if (((unsigned char)answer->data[i] < ' ' && answer->data[i] != '\n' &&
             answer->data[i] != '\t') ||
            answer->data[i] == 127)
            answer->data[i] = '?';
    ret->text = answer->data;
    ret->n = answer->n;
    answer->data = NULL;
    return LR_OK;
}

lr_status lrh_child_ask(lr_status (*work)(void *ctx, FILE *out, struct lr_error *err), void *ctx,
                        const char *what, struct lrh_answer *ret_answer, struct lr_error *err)
{
    struct buffer answer = {.fd = -1, .limit = TEXT_MAX}, noise = {.fd = -1, .limit = NOISE_MAX};
    int to_answer[2] = {-1, -1}, to_noise[2] = {-1, -1}, how = 0, result;
    const pid_t parent = getpid();
    lr_status status;
    pid_t pid = -1;

    *ret_answer = (struct lrh_answer){0};
    (void)fflush(stdout); /* or the child would have it, too */
    (void)fflush(stderr);
    if (pipe2(to_answer, O_CLOEXEC) == 0 && pipe2(to_noise, O_CLOEXEC) == 0)
        pid = fork();
    if (pid == 0)
        be_child(work, ctx, to_answer[1], to_noise[1], parent);
    if (pid < 0) {
        status = lr_fail(err, LR_EUNAVAILABLE, "%s: cannot start a process to look at it: %s", what,
                         strerror(errno));
        for (int i = 0; i < 2; i++) {
            if (to_answer[i] >= 0)
                (void)close(to_answer[i]);
            if (to_noise[i] >= 0)
                (void)close(to_noise[i]);
        }
        return status;
    }
    (void)close(to_answer[1]);
    (void)close(to_noise[1]);
    answer.fd = to_answer[0];
    noise.fd = to_noise[0];
    result = attend(pid, &answer, &noise, &how);
    quote(&noise, ret_answer->noise, sizeof ret_answer->noise);
    status = result < 0 ? lr_fail(err, LR_ENOMEM, "out of memory")
                        : conclude(result, how, what, &answer, ret_answer, err);
    if (answer.fd >= 0)
        (void)close(answer.fd);
    if (noise.fd >= 0)
        (void)close(noise.fd);
    free(answer.data);
    free(noise.data);
    return status;
}

void lrh_answer_finish(struct lrh_answer *answer)
{
    free(answer->text);
    *answer = (struct lrh_answer){0};
}
