/* SPDX-License-Identifier: MIT
 *
 * A service manager's ear: binds the socket that its argument names (a path, or an abstract name
 * after '@') and prints each datagram as it comes, one line each, its own lines joined by '|',
 * behind the ms since the one before.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

static long long now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    long long last = now_ms();
    char text[4096];
    ssize_t n;
    size_t length = argc > 1 ? strlen(argv[1]) : 0;

    if (length == 0 || length >= sizeof address.sun_path)
        return 64;
    memcpy(address.sun_path, argv[1], length);
    if (argv[1][0] == '@')
        address.sun_path[0] = '\0';
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address,
                       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) != 0) {
        perror(argv[1]);
        return 69;
    }
    (void)puts("listening");
    (void)fflush(stdout);
    while ((n = recv(fd, text, sizeof text - 1, 0)) >= 0) {
        text[n] = '\0';
        for (char *p = text; (p = strchr(p, '\n')) != NULL;)
            *p = '|';
        (void)printf("%lld %s\n", now_ms() - last, text);
        (void)fflush(stdout);
        last = now_ms();
    }
    return 70;
}
