/* The table of loaded keys (keys.h). A key's cost is its file (mapped, and read again and again), what
 * pm_key_new copies out of it (the coefficients), and the workspace of one proof. */
#include "worker/keys.h"

#include "base/clock.h"
#include "worker/artifacts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { MAX_KEYS = 32 };

struct entry {
    bool used;
    uint8_t sha256[32];
    int hold; /* keeps the file from being trimmed */
    struct pm_zkey zkey;
    struct pm_key *key;
    struct pm_prover *prover;
    uint64_t bytes, device_bytes, last_use;
};

struct pm_keys {
    char device[64];
    uint64_t budget_bytes, used_bytes, device_bytes, table_bytes, uses;
    struct pm_pool *pool;
    struct entry entry[MAX_KEYS];
};

enum pm_status pm_keys_new(struct pm_keys **out, const char *device, uint64_t budget_bytes,
                           struct pm_pool *pool, struct pm_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out) return pm_fail(err, PM_NO_MEMORY, "no memory for a table of keys");
    (void)snprintf((*out)->device, sizeof(*out)->device, "%s", device);
    (*out)->budget_bytes = budget_bytes;
    (*out)->pool = pool;
    return PM_OK;
}

void pm_keys_tables(struct pm_keys *keys, uint64_t table_bytes) { keys->table_bytes = table_bytes; }

static void drop(struct pm_keys *keys, struct entry *e)
{
    pm_prover_free(&e->prover);
    pm_key_free(&e->key);
    pm_zkey_close(&e->zkey);
    close(e->hold);
    keys->used_bytes -= e->bytes;
    keys->device_bytes -= e->device_bytes;
    memset(e, 0, sizeof *e);
}

void pm_keys_drop_all(struct pm_keys *keys)
{
    for (size_t i = 0; i < MAX_KEYS; i++)
        if (keys->entry[i].used) drop(keys, &keys->entry[i]);
}

void pm_keys_free(struct pm_keys **keys)
{
    if (!*keys) return;
    pm_keys_drop_all(*keys);
    free(*keys);
    *keys = NULL;
}

static struct entry *least_recent(struct pm_keys *keys)
{
    struct entry *oldest = NULL;
    for (size_t i = 0; i < MAX_KEYS; i++) {
        struct entry *e = &keys->entry[i];
        if (e->used && (!oldest || e->last_use < oldest->last_use)) oldest = e;
    }
    return oldest;
}

static struct entry *free_place(struct pm_keys *keys)
{
    for (size_t i = 0; i < MAX_KEYS; i++)
        if (!keys->entry[i].used) return &keys->entry[i];
    struct entry *e = least_recent(keys);
    drop(keys, e);
    return e;
}

/* Drops other keys until so many bytes fit beside the rest, or none is left. */
static void make_room(struct pm_keys *keys, const struct entry *for_entry, uint64_t bytes)
{
    while (keys->used_bytes > keys->budget_bytes - bytes) {
        struct entry *old = least_recent(keys);
        if (!old || old == for_entry) return; /* the newest comes last */
        drop(keys, old);
    }
}

/* The same of the device's own memory, so that a key is held there as it would be by itself. */
static enum pm_status make_device_room(struct pm_keys *keys, struct entry *for_entry, uint64_t *pinned_bytes,
                                       struct pm_error *err)
{
    struct pm_prover_room room;
    PM_TRY(pm_prover_room(&room, for_entry->key, keys->device, pm_pool_threads(keys->pool), err));
    while (room.bytes > 0 && keys->device_bytes > room.memory_bytes - room.bytes) {
        struct entry *old = least_recent(keys);
        if (!old || old == for_entry) break;
        drop(keys, old);
    }
    for_entry->device_bytes = room.bytes;
    keys->device_bytes += room.bytes;
    *pinned_bytes = room.pinned_bytes;
    return PM_OK;
}

static enum pm_status too_large(const struct pm_keys *keys, const char *path, uint64_t bytes,
                                struct pm_error *err)
{
    return pm_fail(err, PM_NO_MEMORY,
                   "%s: proving with this key takes %llu MiB, the budget (--memory) is %llu MiB", path,
                   (unsigned long long)(bytes >> 20), (unsigned long long)(keys->budget_bytes >> 20));
}

static uint64_t add_up(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

/* With tables if there is room for them beside `bytes` and the workspace, else without. */
static enum pm_status load_key(struct pm_keys *keys, struct entry *e, uint64_t bytes, struct pm_error *err)
{
    const uint64_t room = keys->budget_bytes - bytes;
    const uint64_t tables = keys->table_bytes < room ? keys->table_bytes : room;
    PM_TRY(pm_key_new_warm(&e->key, &e->zkey, tables, keys->pool, err));
    const uint64_t work = pm_prover_plan(e->key, pm_pool_threads(keys->pool));
    const uint64_t taken = pm_key_table_bytes(e->key);
    if (taken == 0 || add_up(work, taken) <= room) return PM_OK;
    pm_key_free(&e->key);
    return pm_key_new(&e->key, &e->zkey, keys->pool, err);
}

/* Opens the file and makes room for it within the budget. */
static enum pm_status open_key(struct pm_keys *keys, struct entry *e, const char *path, struct pm_error *err)
{
    bool checked = pm_artifacts_is_checked(path);
    int hold = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (hold < 0 || flock(hold, LOCK_SH) != 0) {
        if (hold >= 0) close(hold);
        return pm_fail(err, PM_IO, "%s: cannot be opened: %s", path, strerror(errno));
    }
    enum pm_status status =
        pm_zkey_open(&e->zkey, path, checked ? PM_CHECK_SHAPE : PM_CHECK_DEEP, keys->pool, err);
    if (status != PM_OK) {
        close(hold);
        return status;
    }
    e->hold = hold;
    e->used = true; /* from here on drop() cleans up */
    if (!checked) PM_TRY(pm_artifacts_set_checked(path, err));

    uint64_t bytes =
        e->zkey.file.size_bytes + e->zkey.n_coeffs * (e->zkey.curve->fr_bytes + sizeof(uint32_t));
    if (bytes > keys->budget_bytes) return too_large(keys, path, bytes, err);
    make_room(keys, e, bytes);
    PM_TRY(load_key(keys, e, bytes, err));
    uint64_t work = add_up(pm_prover_plan(e->key, pm_pool_threads(keys->pool)), pm_key_table_bytes(e->key));
    uint64_t pinned;
    PM_TRY(make_device_room(keys, e, &pinned, err));
    work = add_up(work, pinned);
    if (work > keys->budget_bytes - bytes)
        return too_large(keys, path, work > UINT64_MAX - bytes ? UINT64_MAX : bytes + work, err);
    make_room(keys, e, bytes + work);
    e->bytes = bytes + work;
    keys->used_bytes += e->bytes;
    return pm_prover_new(&e->prover, e->key, keys->device, keys->pool, err);
}

enum pm_status pm_keys_get(struct pm_keys *keys, const struct pm_key **key, struct pm_prover **prover,
                           const char *path, const uint8_t sha256[32], uint32_t *loaded_ms,
                           struct pm_error *err)
{
    struct entry *e = NULL;
    *loaded_ms = 0;
    for (size_t i = 0; i < MAX_KEYS && !e; i++)
        if (keys->entry[i].used && memcmp(keys->entry[i].sha256, sha256, 32) == 0) e = &keys->entry[i];
    if (!e) {
        uint64_t begin = pm_clock_ms();
        e = free_place(keys);
        memcpy(e->sha256, sha256, 32);
        e->last_use = ++keys->uses;
        enum pm_status status = open_key(keys, e, path, err);
        if (status != PM_OK) {
            if (e->used) drop(keys, e);
            return status;
        }
        *loaded_ms = (uint32_t)(pm_clock_ms() - begin) + 1;
    }
    if (!e->prover)
        PM_TRY(pm_prover_new(&e->prover, e->key, keys->device, keys->pool, err)); /* after a quarantine */
    e->last_use = ++keys->uses;
    *key = e->key;
    *prover = e->prover;
    return PM_OK;
}

bool pm_keys_quarantine(struct pm_keys *keys, struct pm_prover *prover)
{
    if (!pm_prover_device_fault(prover) || strcmp(keys->device, "cpu") == 0) return false;
    (void)snprintf(keys->device, sizeof keys->device, "cpu");
    for (size_t i = 0; i < MAX_KEYS; i++) pm_prover_free(&keys->entry[i].prover);
    return true;
}
