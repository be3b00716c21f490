/* The budget on the disk (room.h). */
#include "worker/room.h"

#include "base/clock.h"
#include "base/log.h"
#include "worker/trim.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

enum { WAIT_MS = 60000, AGAIN_MS = 50 };

struct pm_room {
    char folder[2][4096];
    uint64_t budget;
    void (*let_go)(void *ctx);
    void *ctx;
    pthread_mutex_t lock; /* guards what follows, and trims one at a time */
    uint64_t taken;
};

static enum pm_status trim(struct pm_room *room, uint64_t *left, uint64_t max_bytes, struct pm_error *err)
{
    const char *const folders[] = {room->folder[0], room->folder[1]};
    return pm_trim(left, folders, 2, max_bytes, err);
}

/* folder[0] is there. */
static enum pm_status default_budget(struct pm_room *room, struct pm_error *err)
{
    struct statvfs fs;
    uint64_t used;
    PM_TRY(trim(room, &used, UINT64_MAX, err));
    if (statvfs(room->folder[0], &fs) != 0)
        return pm_fail(err, PM_IO, "%s: its file system does not say what is free: %s", room->folder[0],
                       strerror(errno));
    room->budget = used + (uint64_t)fs.f_bavail * fs.f_frsize / 10 * 9;
    return PM_OK;
}

enum pm_status pm_room_new(struct pm_room **out, const char *artifacts, const char *circuits,
                           uint64_t budget_bytes, void (*let_go)(void *ctx), void *ctx, struct pm_error *err)
{
    uint64_t left;
    struct pm_room *room = calloc(1, sizeof *room);
    *out = NULL;
    if (!room) return pm_fail(err, PM_NO_MEMORY, "no memory for the budget of files");
    *room = (struct pm_room){.budget = budget_bytes, .let_go = let_go, .ctx = ctx};
    pthread_mutex_init(&room->lock, NULL);
    int a = snprintf(room->folder[0], sizeof room->folder[0], "%s", artifacts);
    int b = snprintf(room->folder[1], sizeof room->folder[1], "%s", circuits);
    enum pm_status status = PM_OK;
    if (a < 0 || b < 0 || (size_t)a >= sizeof room->folder[0] || (size_t)b >= sizeof room->folder[1])
        status = pm_fail(err, PM_USAGE, "%.80s...: the path is too long", artifacts);
    if (status == PM_OK && budget_bytes == 0) status = default_budget(room, err);
    if (status == PM_OK) status = trim(room, &left, room->budget, err);
    if (status != PM_OK) pm_room_free(&room);
    *out = room;
    return status;
}

void pm_room_free(struct pm_room **room)
{
    if (!*room) return;
    pthread_mutex_destroy(&(*room)->lock);
    free(*room);
    *room = NULL;
}

uint64_t pm_room_budget(const struct pm_room *room) { return room->budget; }

/* *fits, and then they are taken. *left: what the files have that cannot go. */
static enum pm_status try(struct pm_room *room, bool *fits, uint64_t *left, uint64_t bytes,
                          struct pm_error *err)
{
    *fits = false;
    pthread_mutex_lock(&room->lock);
    uint64_t others = room->taken < room->budget ? room->taken : room->budget;
    uint64_t for_files = room->budget - others > bytes ? room->budget - others - bytes : 0;
    enum pm_status status = trim(room, left, for_files, err);
    *left += room->taken;
    if (status == PM_OK && *left <= room->budget && bytes <= room->budget - *left) {
        room->taken += bytes;
        *fits = true;
    }
    pthread_mutex_unlock(&room->lock);
    return status;
}

static enum pm_status too_much(const struct pm_room *room, uint64_t bytes, uint64_t left,
                               struct pm_error *err)
{
    return pm_fail(
        err, PM_NO_MEMORY,
        "%s: %llu more bytes do not fit: the budget for files (--cache) is %llu bytes, of which %llu are in "
        "use",
        room->folder[0], (unsigned long long)bytes, (unsigned long long)room->budget,
        (unsigned long long)left);
}

enum pm_status pm_room_take(struct pm_room *room, uint64_t bytes, int cancel_fd, struct pm_error *err)
{
    uint64_t left = 0, end_ms = pm_clock_ms() + WAIT_MS;
    if (bytes > room->budget) return too_much(room, bytes, 0, err);
    for (;;) {
        bool fits;
        PM_TRY(try(room, &fits, &left, bytes, err));
        if (fits) return PM_OK;
        if (pm_clock_ms() >= end_ms) return too_much(room, bytes, left, err);
        if (room->let_go) room->let_go(room->ctx);
        if (!pm_clock_wait_ms(cancel_fd, AGAIN_MS))
            return pm_fail(err, PM_CANCELLED, "%s: cancelled while waiting for room", room->folder[0]);
    }
}

void pm_room_give(struct pm_room *room, uint64_t bytes)
{
    pthread_mutex_lock(&room->lock);
    room->taken -= bytes;
    pthread_mutex_unlock(&room->lock);
}

void pm_room_tidy(struct pm_room *room)
{
    uint64_t left;
    struct pm_error err = {.status = PM_OK};
    pthread_mutex_lock(&room->lock);
    uint64_t for_files = room->taken < room->budget ? room->budget - room->taken : 0;
    enum pm_status status = trim(room, &left, for_files, &err);
    if (status == PM_OK && left > for_files && room->let_go) {
        room->let_go(room->ctx);
        status = trim(room, &left, for_files, &err);
    }
    pthread_mutex_unlock(&room->lock);
    if (status != PM_OK) pm_log(PM_LOG_WARN, "room", "%s", err.text);
}
