/* That a plan equals its use, alignment, overflow, rewinding, and refusal. */
#include "base/arena.h"
#include "test.h"

#include <sys/wait.h>
#include <unistd.h>

enum { takes = 50 };

static void take_all(struct pm_arena *arena, const size_t *sizes, uint8_t **out)
{
    for (int i = 0; i < takes; i++) out[i] = pm_arena_take(arena, sizes[i], 1 + (size_t)i % 5);
}

PM_TEST(plan_equals_use)
{
    for (int round = 0; round < 20; round++) {
        size_t sizes[takes];
        uint8_t *p[takes];
        struct pm_arena plan, arena;
        struct pm_error err = {0};
        for (int i = 0; i < takes; i++) sizes[i] = (size_t)(test_random() % (i % 3 ? 70 : 5000));
        pm_arena_plan(&plan);
        take_all(&plan, sizes, p);
        for (int i = 0; i < takes; i++) CHECK(p[i] == NULL);
        CHECK_OK(pm_arena_init(&arena, plan.used, &err), err);
        take_all(&arena, sizes, p);
        CHECK_U64(arena.used, plan.used);
        CHECK_U64(arena.peak, plan.peak);
        CHECK_U64(arena.size, plan.used);
        for (int i = 0; i < takes; i++) { /* aligned, writable, apart */
            size_t len = sizes[i] * (1 + (size_t)i % 5);
            CHECK(p[i] != NULL);
            CHECK_U64((uintptr_t)p[i] % 64, 0);
            if (i > 0) CHECK(p[i] >= p[i - 1] + sizes[i - 1] * (1 + (size_t)(i - 1) % 5));
            CHECK(p[i] + len <= arena.block + arena.size);
            memset(p[i], i, len);
        }
        pm_arena_fini(&arena);
        CHECK(arena.block == NULL);
    }
}

PM_TEST(a_size_that_is_no_multiple_of_64_is_enough_for_itself)
{
    struct pm_arena arena;
    struct pm_error err = {0};
    CHECK_OK(pm_arena_init(&arena, 100, &err), err);
    uint8_t *p = pm_arena_take(&arena, 100, 1);
    CHECK(p != NULL);
    if (p) memset(p, 1, 100);
    pm_arena_fini(&arena);
    pm_arena_fini(&arena);
}

PM_TEST(overflow_while_planning_is_refused_at_init)
{
    static const size_t products[][2] = {{SIZE_MAX, 2},
                                         {SIZE_MAX / 2 + 1, 2},
                                         {(size_t)1 << 32, (size_t)1 << 32},
                                         {SIZE_MAX, 1},
                                         {SIZE_MAX / 2 + 1, 1}};
    for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
        struct pm_arena plan, arena;
        struct pm_error err = {0};
        pm_arena_plan(&plan);
        CHECK(pm_arena_take(&plan, 10, 10) == NULL);
        CHECK(pm_arena_take(&plan, products[i][0], products[i][1]) == NULL);
        CHECK_U64(plan.used, SIZE_MAX);
        CHECK_U64(plan.peak, SIZE_MAX);
        CHECK(pm_arena_take(&plan, 10, 10) == NULL);
        CHECK_U64(plan.used, SIZE_MAX);
        CHECK_U64(pm_arena_init(&arena, plan.used, &err), PM_NO_MEMORY);
        CHECK(err.text[0] != '\0');
        CHECK(arena.block == NULL);
        pm_arena_fini(&arena);
    }
}

PM_TEST(many_large_takes_do_not_wrap)
{
    struct pm_arena plan;
    pm_arena_plan(&plan);
    for (int i = 0; i < 8; i++) (void)pm_arena_take(&plan, SIZE_MAX / 3, 1);
    CHECK_U64(plan.used, SIZE_MAX);
}

PM_TEST(rewind_gives_back_and_peak_remembers)
{
    struct pm_arena plan, arena;
    struct pm_error err = {0};
    pm_arena_plan(&plan);
    (void)pm_arena_take(&plan, 64, 1);
    size_t mark = plan.used;
    (void)pm_arena_take(&plan, 6400, 1);
    pm_arena_rewind(&plan, mark);
    (void)pm_arena_take(&plan, 640, 1);
    CHECK_U64(plan.used, 704);
    CHECK_U64(plan.peak, 6464);
    CHECK_OK(pm_arena_init(&arena, plan.peak, &err), err);
    uint8_t *a = pm_arena_take(&arena, 64, 1);
    size_t at = arena.used;
    uint8_t *b = pm_arena_take(&arena, 6400, 1);
    pm_arena_rewind(&arena, at);
    uint8_t *c = pm_arena_take(&arena, 640, 1);
    CHECK(a && b && b == c);
    pm_arena_fini(&arena);
}

PM_TEST(an_empty_arena)
{
    struct pm_arena arena;
    struct pm_error err = {0};
    CHECK_OK(pm_arena_init(&arena, 0, &err), err);
    CHECK(pm_arena_take(&arena, 0, 8) != NULL);
    CHECK_U64(arena.used, 0);
    pm_arena_fini(&arena);
}

/* A bug of the caller: asserted where assertions are on, NULL where not; never memory beyond the block. */
PM_TEST(an_arena_planned_too_small)
{
    struct pm_arena arena;
    struct pm_error err = {0};
    CHECK_OK(pm_arena_init(&arena, 128, &err), err);
    CHECK(pm_arena_take(&arena, 2, 64) != NULL);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        _exit(pm_arena_take(&arena, 1, 1) == NULL ? 9 : 0);
    }
    int how = 0;
    CHECK(waitpid(child, &how, 0) == child);
    CHECK_MSG(WIFSIGNALED(how) || (WIFEXITED(how) && WEXITSTATUS(how) != 0),
              "memory beyond the block was handed out");
    pm_arena_fini(&arena);
}

/* The linker sends the arena's munmap here (--wrap): what is unmapped must be zero. */
int __real_munmap(void *block, size_t size);
int __wrap_munmap(void *block, size_t size);
static size_t unmapped_bytes, left_over;
int __wrap_munmap(void *block, size_t size)
{
    unmapped_bytes += size;
    for (size_t i = 0; i < size; i++) left_over += ((const uint8_t *)block)[i] != 0;
    return __real_munmap(block, size);
}

/* Pages that were touched, and only these, in the middle and at the odd end; what lies beyond `used` too. */
PM_TEST(memory_is_wiped_before_it_is_freed)
{
    enum { page = 4096, pages = 4096 + 5 }; /* more than are looked at at once */
    for (int round = 0; round < 3; round++) {
        struct pm_arena arena;
        struct pm_error err = {0};
        const size_t size = (size_t)pages * page + 100;
        CHECK_OK(pm_arena_init(&arena, size, &err), err);
        uint8_t *p = pm_arena_take(&arena, size, 1);
        CHECK(p != NULL);
        if (!p) return;
        for (int k = 0; k < 300; k++) p[test_random() % size] = 0xa5;
        p[0] = p[size - 1] = p[(size_t)4096 * page - 1] = p[(size_t)4096 * page] = 0x5a;
        if (round == 2) pm_arena_rewind(&arena, 0);
        unmapped_bytes = left_over = 0;
        pm_arena_fini(&arena);
        CHECK(unmapped_bytes >= size);
        CHECK_U64(left_over, 0);
    }
}
