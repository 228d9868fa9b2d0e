/* SPDX-License-Identifier: MIT
 *
 * See crash.h. The handler uses only what may be used in one: write(2). It has a stack of its own,
 * because a stack that overflowed has no room for it.
 */
#include "crash.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define STACK_BYTES 16384

static const struct {
    int number;
    const char *name;
} signals[] = {{SIGSEGV, "SIGSEGV"},
               {SIGBUS, "SIGBUS"},
               {SIGFPE, "SIGFPE"},
               {SIGILL, "SIGILL"},
               {SIGABRT, "SIGABRT"}};

static void put(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0) {
        /* nobody hears it */
    }
}

static void on_crash(int number)
{
    const char *name = "a signal";

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (signals[i].number == number)
            name = signals[i].name;
    put("lrhost: ended by ");
    put(name);
    put(", a defect of lrhost or of a plugin\n");
    (void)raise(number); /* the default is back (SA_RESETHAND) */
}

void lrh_crash_say(void)
{
    static char memory[STACK_BYTES];
    const stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory};
    struct sigaction action = {.sa_handler = on_crash,
                               .sa_flags = SA_ONSTACK | (int)SA_RESETHAND | SA_NODEFER},
                     old;

    (void)sigaltstack(&stack, NULL); /* the main thread's; others use their own */
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (sigaction(signals[i].number, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            (void)sigaction(signals[i].number, &action, NULL);
}

void lrh_crash_hush(void)
{
    const struct sigaction silent = {.sa_handler = SIG_DFL};
    struct sigaction old;

    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        if (sigaction(signals[i].number, NULL, &old) == 0 && old.sa_handler == on_crash)
            (void)sigaction(signals[i].number, &silent, NULL);
}
