/* SPDX-License-Identifier: MIT
 *
 * Guarded memory: bytes that end right before a page which nobody may touch.
 */
#include <lrhost/testing.h>
#include <sys/mman.h>
#include <unistd.h>

lr_status lr_fake_pages_init(struct lr_fake_pages *pages, size_t size, size_t align)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t used = (size + page - 1) / page * page;
    char *map = mmap(NULL, used + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t room = used - size;

    if (map == MAP_FAILED)
        return LR_ENOMEM;
    if (mprotect(map + used, page, PROT_NONE) != 0) {
        (void)munmap(map, used + page);
        return LR_ENOMEM;
    }
    room -= room % (align ? align : 1);
    *pages = (struct lr_fake_pages){map + room, size, map, used + page};
    return LR_OK;
}

void lr_fake_pages_protect(struct lr_fake_pages *pages, int access)
{
    static const int flags[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE};
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);

    if (pages->map && pages->map_size > page)
        (void)mprotect(pages->map, pages->map_size - page, flags[access]);
}

void lr_fake_pages_finish(struct lr_fake_pages *pages)
{
    if (pages->map)
        (void)munmap(pages->map, pages->map_size);
    *pages = (struct lr_fake_pages){NULL, 0, NULL, 0};
}
