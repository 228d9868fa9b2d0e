/* SPDX-License-Identifier: MIT
 *
 * The database of sink_sqlite: a table of results, a table of positions, and one transaction for
 * both. Knows nothing of threads; used by one at a time.
 */
#ifndef SINK_SQLITE_DB_H
#define SINK_SQLITE_DB_H

#include <lrhost/lrhost.h>
#include <sqlite3.h>

#define DB_LONGEST 1000000000u /* bytes of a value; SQLite's own limit */

struct db {
    const char *path;     /* these four are set by the owner */
    const char *table;    /* of results */
    const char *pipeline; /* whose positions */
    int32_t replace;      /* not 0: a result that is there already is replaced, else an error */
    sqlite3 *handle;
    sqlite3_stmt *insert, *store, *look;
    struct db_place *places; /* [n_places], by the stream's number */
    uint32_t n_places;
};

struct db_place { /* of a stream */
    const char *topic;
    int32_t partition;
};

struct db_row {
    const char *topic;
    int64_t offset;
    struct lr_bytes value;
    double prediction; /* NaN: none */
    int32_t partition;
};

/* Opens, and makes what is not there yet. Follow it by db_close, also when it failed. */
lr_status db_open(struct db *db, struct lr_error *err);
void db_close(struct db *db);
void db_finish(struct db *db); /* frees what is kept between a close and another open */

lr_status db_begin(struct db *db, struct lr_error *err);
/* LR_ABORT: what failed has undone itself. LR_IN_DOUBT: nobody knows; open it anew and look. */
lr_status db_commit(struct db *db, struct lr_error *err);
/* Harmless without a transaction. */
lr_status db_rollback(struct db *db, struct lr_error *err);

/* Of record `i`; borrows what the batch and its streams borrow. */
struct db_row db_row_of(const struct lr_batch *batch, uint32_t i);
lr_status db_insert(struct db *db, const struct db_row *row, struct lr_error *err);
/* Sets position->next where one is stored, and remembers the stream for db_store. */
lr_status db_look(struct db *db, const struct lr_stream *stream, struct lr_position *position,
                  struct lr_error *err);
lr_status db_store(struct db *db, uint32_t stream, int64_t next, struct lr_error *err);

#endif
