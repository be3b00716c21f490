/* One mapping, bumped. See arena.h. */
#include "base/arena.h"
#include "base/bytes.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { align_bytes = 64, huge_bytes = 16 << 20 };

void pm_arena_plan(struct pm_arena *arena) { *arena = (struct pm_arena){.size = SIZE_MAX}; }

enum pm_status pm_arena_init(struct pm_arena *arena, size_t size_bytes, struct pm_error *err)
{
    *arena = (struct pm_arena){0};
    if (size_bytes == 0) size_bytes = align_bytes;
    void *p = size_bytes > SIZE_MAX / 2
                  ? MAP_FAILED
                  : mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return pm_fail(err, PM_NO_MEMORY, "%zu bytes of memory are needed and cannot be had", size_bytes);
    /* Random access in large blocks is what arenas are for. Advice: may fail. */
    if (size_bytes >= huge_bytes) (void)madvise(p, size_bytes, MADV_HUGEPAGE);
    *arena = (struct pm_arena){.block = p, .size = size_bytes};
    return PM_OK;
}

/* Wipes the pages of [0, used) that hold anything. A page that was never touched is not there, and wiping it
 * would only fetch it: most of a workspace that a sparse witness did not need. A page that was swapped out is
 * not there either; what swap keeps is the system's to protect. */
static void wipe_resident(uint8_t *block, size_t used)
{
    enum { pages_at_once = 4096 };
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), step = pages_at_once * page;
    unsigned char there[pages_at_once];
    for (size_t at = 0; at < used; at += step) {
        const size_t len = used - at < step ? used - at : step, pages = (len + page - 1) / page;
        if (mincore(block + at, len, there) != 0) memset(there, 1, pages);
        for (size_t i = 0, run; i < pages; i += run) {
            for (run = 1; i + run < pages && (there[i + run] & 1) == (there[i] & 1);) run++;
            const size_t from = i * page, end = (i + run) * page < len ? (i + run) * page : len;
            if (there[i] & 1) pm_wipe(block + at + from, end - from);
        }
    }
}

void pm_arena_fini(struct pm_arena *arena)
{
    if (arena->block) {
        wipe_resident(arena->block, arena->peak < arena->size ? arena->peak : arena->size);
        (void)munmap(arena->block, arena->size);
    }
    *arena = (struct pm_arena){0};
}

void *pm_arena_take(struct pm_arena *arena, size_t count, size_t size_bytes)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size_bytes, &bytes) || bytes > SIZE_MAX / 2 ||
        arena->used > SIZE_MAX / 2) {
        arena->used = arena->peak = SIZE_MAX;
        return NULL;
    }
    size_t start = arena->used, end = start + (bytes + align_bytes - 1) / align_bytes * align_bytes;
    if (arena->block && end > (arena->size + align_bytes - 1) / align_bytes * align_bytes) {
        assert(!"arena planned too small");
        return NULL;
    }
    arena->used = end;
    if (arena->peak < end) arena->peak = end;
    return arena->block ? arena->block + start : NULL;
}

void pm_arena_rewind(struct pm_arena *arena, size_t mark) { arena->used = mark; }
