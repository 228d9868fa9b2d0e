/* SPDX-License-Identifier: MIT
 *
 * Where reading goes on after a restart: a small text file, replaced as a whole, with one line for
 * each file that was read:
 *
 *   POSITION PATH
 *   POSITION DEVICE:INODE:LENGTH:HASH[:old|:over] PATH      (with follow)
 *
 * The second form says which file it was, whatever it is called by now: its device and inode, and
 * a hash of its first LENGTH bytes, which tells it from another file that got the same inode and
 * from itself after a truncation. `old`: PATH does not lead to it any more; `over`: and all of it
 * was read. Paths are absolute; one that holds a newline is escaped as a whole, so it begins with
 * "%2F".
 */
#ifndef FILE_POSITIONS_H
#define FILE_POSITIONS_H

#include <lrhost/lrhost.h>

#define IDENTITY_MOST 256 /* first bytes that are hashed */

struct identity {
    uint64_t device, inode, hash;
    uint32_t len;
    int32_t known; /* 0: the line names a path only */
};

struct file_position {
    const char *path;
    int64_t next;
    struct identity id;
    uint64_t age; /* for whoever sorts them; not stored */
    int32_t old;
    int32_t over;
};

struct positions {
    struct file_position *list;
    uint32_t n;
    char *text; /* what the paths point into */
};

/* No such file: none. */
lr_status positions_load(const char *file, struct positions *ret_positions, struct lr_error *err);
void positions_finish(struct positions *positions);
/* LR_AGAIN: there is no space; the old ones are still there. */
lr_status positions_save(const char *file, const struct file_position *positions, uint32_t n,
                         struct lr_error *err);

/* Of an open file as it is now. 0: it cannot be read. */
int identity_of(int fd, struct identity *ret_id);
/* Does the open file begin as the one of this identity? */
int identity_begins(int fd, const struct identity *id);
/* The file grew: hash more of it, at most `most` bytes. Nothing if it begins otherwise by now. */
void identity_extend(int fd, int64_t most, struct identity *id);

#endif
