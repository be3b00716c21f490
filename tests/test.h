/* Tests in C: PM_TEST(name) { CHECK(...); } in a file, which is then a program that runs them all.
 * A failed CHECK names file, line and seed and fails the program; `--seed N` replays, `--only NAME` picks one
 * test. */
#ifndef PM_TEST_H
#define PM_TEST_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct test_case {
    const char *name;
    void (*run)(void);
    struct test_case *next;
};

static struct test_case *test_list, **test_tail = &test_list;
static unsigned long long test_seed;
static uint64_t test_state;
static int test_failures;

#define PM_TEST(test_name)                                                                                   \
    static void test_run_##test_name(void);                                                                  \
    __attribute__((constructor)) static void test_add_##test_name(void)                                      \
    {                                                                                                        \
        static struct test_case c = {.name = #test_name, .run = test_run_##test_name};                       \
        *test_tail = &c;                                                                                     \
        test_tail = &c.next;                                                                                 \
    }                                                                                                        \
    static void test_run_##test_name(void)

#define CHECK_MSG(cond, ...)                                                                                 \
    do {                                                                                                     \
        if (!(cond)) {                                                                                       \
            fprintf(stderr, "%s:%d: (seed %llu) failed: %s: ", __FILE__, __LINE__, test_seed, #cond);        \
            fprintf(stderr, __VA_ARGS__);                                                                    \
            fputc('\n', stderr);                                                                             \
            if (++test_failures > 20) exit(1);                                                               \
        }                                                                                                    \
    } while (0)
#define CHECK(cond) CHECK_MSG(cond, "%s", "")
#define CHECK_U64(a, b)                                                                                      \
    do {                                                                                                     \
        unsigned long long a_ = (unsigned long long)(a), b_ = (unsigned long long)(b);                       \
        CHECK_MSG(a_ == b_, "%s is %llu (0x%llx), expected %s = %llu", #a, a_, a_, #b, b_);                  \
    } while (0)
#define CHECK_STR(a, b)      CHECK_MSG(strcmp((a), (b)) == 0, "\"%s\", expected \"%s\"", (a), (b))
#define CHECK_MEM(a, b, len) CHECK_MSG(memcmp((a), (b), (len)) == 0, "%zu bytes differ", (size_t)(len))
/* For statuses with a struct pm_error: prints its text. */
#define CHECK_OK(call, err) CHECK_MSG((call) == 0, "%s", (err).text)

/* splitmix64: for test inputs only. */
__attribute__((unused)) static uint64_t test_random(void)
{
    uint64_t z = test_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

__attribute__((unused)) static void test_random_bytes(void *out, size_t len)
{
    uint8_t *p = out;
    for (size_t i = 0; i < len; i++) p[i] = (uint8_t)test_random();
}

int main(int argc, char **argv)
{
    const char *only = NULL;
    test_seed = (unsigned long long)time(NULL);
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0) test_seed = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--only") == 0) only = argv[i + 1];
    }
    int ran = 0;
    for (struct test_case *c = test_list; c; c = c->next) {
        if (only && strcmp(only, c->name) != 0) continue;
        test_state = test_seed;
        int before = test_failures;
        c->run();
        ran++;
        printf("%s %s\n", test_failures == before ? "ok  " : "FAIL", c->name);
        fflush(stdout);
    }
    if (ran == 0) fprintf(stderr, "no test ran\n");
    return test_failures || ran == 0;
}

#endif
