/* A bump allocator over one block: memory that is planned first and then handed out without failing.
 *
 * Plan with the same calls on an arena without a block (pm_arena_plan): `peak` is then the exact size to pass
 * to pm_arena_init (and so is `used`, where nothing was rewound). Memory is aligned to 64 bytes. Not
 * thread-safe: one owner. */
#ifndef PM_BASE_ARENA_H
#define PM_BASE_ARENA_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

struct pm_arena {
    uint8_t *block; /* NULL while planning */
    size_t size, used, peak;
};

void pm_arena_plan(struct pm_arena *arena);
PM_MUST_USE enum pm_status pm_arena_init(struct pm_arena *arena, size_t size_bytes, struct pm_error *err);
void pm_arena_fini(struct pm_arena *arena); /* wipes the block, then frees it */

/* count * size bytes, uninitialised. NULL while planning (the amount is only counted) and where the arena was
 * planned too small, which is a bug of the caller (asserted). A product that overflows makes `used` and
 * `peak` SIZE_MAX, which pm_arena_init refuses. */
void *pm_arena_take(struct pm_arena *arena, size_t count, size_t size_bytes);

/* Gives back everything taken since `mark` (an earlier value of arena->used). `peak` remembers the highest
 * use. */
void pm_arena_rewind(struct pm_arena *arena, size_t mark);

#endif
