/* SPDX-License-Identifier: MIT
 *
 * See sink_sqlite_db.h. The journal is a write-ahead log, synced at every commit (PRAGMA
 * synchronous = FULL), so that what is committed survives a power cut, and readers do not wait
 * for the writer.
 */
#include "sink_sqlite_db.h"

#include <math.h>
#include <stdlib.h>

#define BUSY_MS 10000 /* patience with other programs that write to the database */

static lr_status failed(const struct db *db, const char *what, struct lr_error *err)
{
    int code = sqlite3_errcode(db->handle);

    return lr_fail(err, code == SQLITE_CONSTRAINT ? LR_EDATA : LR_EUNAVAILABLE, "%s: %s: %s",
                   db->path, what, sqlite3_errmsg(db->handle));
}

/* Frees `sql`, which comes from sqlite3_mprintf: %w there makes any name safe between quotes. */
static lr_status prepare(struct db *db, char *sql, sqlite3_stmt **ret_statement,
                         struct lr_error *err)
{
    int code = sql ? sqlite3_prepare_v2(db->handle, sql, -1, ret_statement, NULL) : SQLITE_NOMEM;

    sqlite3_free(sql);
    return code == SQLITE_OK ? LR_OK : failed(db, "a statement was refused", err);
}

static lr_status run(struct db *db, const char *sql, const char *what, struct lr_error *err)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? LR_OK
                                                                        : failed(db, what, err);
}

/* One step of a statement with everything bound: SQLITE_ROW, SQLITE_DONE or an error. */
static int step(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);

    if (code != SQLITE_ROW)
        (void)sqlite3_reset(statement);
    return code;
}

/* ---- open, close ------------------------------------------------------------------------ */

static lr_status make_tables(struct db *db, struct lr_error *err)
{
    sqlite3_stmt *create = NULL;
    lr_status status =
        run(db,
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
            "CREATE TABLE IF NOT EXISTS positions (pipeline TEXT, topic TEXT, partition INTEGER,"
            " next INTEGER, PRIMARY KEY (pipeline, topic, partition))",
            "no table of positions", err);

    if (status == LR_OK)
        status = prepare(db,
                         sqlite3_mprintf("CREATE TABLE IF NOT EXISTS \"%w\" (topic TEXT,"
                                         " partition INTEGER, offset INTEGER, value TEXT,"
                                         " prediction REAL,"
                                         " PRIMARY KEY (topic, partition, offset))",
                                         db->table),
                         &create, err);
    if (status == LR_OK && step(create) != SQLITE_DONE)
        status = failed(db, "no table of results", err);
    (void)sqlite3_finalize(create);
    return status;
}

lr_status db_open(struct db *db, struct lr_error *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
    lr_status status;

    if (sqlite3_open_v2(db->path, &db->handle, flags, NULL) != SQLITE_OK)
        return failed(db, "cannot be opened", err);
    (void)sqlite3_busy_timeout(db->handle, BUSY_MS);
    status = make_tables(db, err);
    if (status == LR_OK)
        status = prepare(db,
                         sqlite3_mprintf("INSERT %s INTO \"%w\" VALUES (?, ?, ?, ?, ?)",
                                         db->replace ? "OR REPLACE" : "", db->table),
                         &db->insert, err);
    if (status == LR_OK)
        status =
            prepare(db, sqlite3_mprintf("INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?)"),
                    &db->store, err);
    if (status == LR_OK)
        status = prepare(db,
                         sqlite3_mprintf("SELECT next FROM positions"
                                         " WHERE pipeline = ? AND topic = ? AND partition = ?"),
                         &db->look, err);
    return status;
}

void db_close(struct db *db)
{
    (void)sqlite3_finalize(db->insert);
    (void)sqlite3_finalize(db->store);
    (void)sqlite3_finalize(db->look);
    (void)sqlite3_close(db->handle); /* rolls back what is open */
    db->insert = db->store = db->look = NULL;
    db->handle = NULL;
}

/* ---- transactions ----------------------------------------------------------------------- */

lr_status db_begin(struct db *db, struct lr_error *err)
{
    return run(db, "BEGIN IMMEDIATE", "no transaction", err);
}

lr_status db_commit(struct db *db, struct lr_error *err)
{
    if (run(db, "COMMIT", "not committed", err) == LR_OK)
        return LR_OK;
    return sqlite3_get_autocommit(db->handle) ? LR_ABORT : LR_IN_DOUBT;
}

lr_status db_rollback(struct db *db, struct lr_error *err)
{
    if (sqlite3_get_autocommit(db->handle))
        return LR_OK;
    return run(db, "ROLLBACK", "not rolled back", err);
}

/* ---- rows ------------------------------------------------------------------------------- */

struct db_row db_row_of(const struct lr_batch *batch, uint32_t i)
{
    const struct lr_record *record = lr_batch_record(batch, i);
    const struct lr_stream *stream = batch->streams[record->stream];
    int scored = batch->n_outputs > 0 && !(record->flags & LR_RECORD_NULL);

    return (struct db_row){.topic = stream->topic,
                           .partition = stream->partition,
                           .offset = record->offset,
                           .value = batch->encoded[i],
                           .prediction =
                               scored ? batch->out[(size_t)i * batch->out_stride] : (double)NAN};
}

lr_status db_insert(struct db *db, const struct db_row *row, struct lr_error *err)
{
    (void)sqlite3_bind_text(db->insert, 1, row->topic, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int(db->insert, 2, row->partition);
    (void)sqlite3_bind_int64(db->insert, 3, row->offset);
    (void)sqlite3_bind_text(db->insert, 4, row->value.data, (int)row->value.len, SQLITE_STATIC);
    (void)sqlite3_bind_double(db->insert, 5, row->prediction); /* NaN becomes NULL */
    return step(db->insert) == SQLITE_DONE ? LR_OK : failed(db, "a record was not inserted", err);
}

/* ---- positions -------------------------------------------------------------------------- */

static lr_status note_place(struct db *db, uint32_t id, const struct lr_stream *stream,
                            struct lr_error *err)
{
    if (id >= db->n_places) {
        struct db_place *places = realloc(db->places, ((size_t)id + 1) * sizeof *places);

        if (!places)
            return lr_fail(err, LR_ENOMEM, "no memory for %u streams", id + 1);
        db->places = places;
        db->n_places = id + 1;
    }
    db->places[id] = (struct db_place){stream->topic, stream->partition};
    return LR_OK;
}

void db_finish(struct db *db)
{
    free(db->places);
    db->places = NULL;
    db->n_places = 0;
}

static void bind_place(const struct db *db, sqlite3_stmt *statement, uint32_t stream)
{
    (void)sqlite3_bind_text(statement, 1, db->pipeline, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(statement, 2, db->places[stream].topic, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int(statement, 3, db->places[stream].partition);
}

lr_status db_look(struct db *db, const struct lr_stream *stream, struct lr_position *position,
                  struct lr_error *err)
{
    lr_status status = note_place(db, position->stream, stream, err);
    int code;

    if (status != LR_OK)
        return status;
    bind_place(db, db->look, position->stream);
    code = step(db->look);
    if (code == SQLITE_ROW) {
        position->next = sqlite3_column_int64(db->look, 0);
        (void)sqlite3_reset(db->look);
    }
    return code == SQLITE_ROW || code == SQLITE_DONE ? LR_OK
                                                     : failed(db, "no position was read", err);
}

lr_status db_store(struct db *db, uint32_t stream, int64_t next, struct lr_error *err)
{
    bind_place(db, db->store, stream);
    (void)sqlite3_bind_int64(db->store, 4, next);
    return step(db->store) == SQLITE_DONE ? LR_OK : failed(db, "a position was not stored", err);
}
