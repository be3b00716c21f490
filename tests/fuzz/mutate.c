/* The ways in which an input is broken, and the small parts that all targets share. See fuzz.h. */
#include "fuzz/fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_seed(struct fuzz_corpus *corpus, const void *data, size_t len)
{
    uint8_t *copy = malloc(len + 1);
    if (!copy || corpus->n == FUZZ_MAX_SEEDS) abort();
    memcpy(copy, data, len);
    corpus->data[corpus->n] = copy;
    corpus->len[corpus->n++] = len;
}

_Noreturn void fuzz_fault(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("fault: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

void fuzz_check_error(enum pm_status status, const struct pm_error *err, const char *names)
{
    if (status == PM_OK) return;
    if (strcmp(pm_status_name(status), "UNKNOWN") == 0)
        fuzz_fault("status %d is not in the table", (int)status);
    if (status == PM_INTERNAL) fuzz_fault("a broken input is called our own fault: %s", err->text);
    if (err->status != status) fuzz_fault("status %d, but %d in the error", (int)status, (int)err->status);
    size_t len = strnlen(err->text, sizeof err->text);
    if (len == 0 || len == sizeof err->text)
        fuzz_fault("no text, or one without end, for status %d", (int)status);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)err->text[i] < 32 || err->text[i] == 127)
            fuzz_fault("control character in \"%s\"", err->text);
    if (names && !strstr(err->text, names)) fuzz_fault("\"%s\" does not name %s", err->text, names);
}

void fuzz_touch(const void *data, size_t len)
{
    const volatile uint8_t *p = data;
    unsigned sum = 0;
    for (size_t i = 0; i < len; i++) sum += p[i];
    volatile unsigned sink = sum;
    (void)sink;
}

uint64_t fuzz_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

struct input {
    uint8_t *p;
    size_t len, max;
    uint64_t *random;
};

static size_t below(struct input *in, size_t n) { return n ? (size_t)(fuzz_random(in->random) % n) : 0; }

/* Headers decide most, and stand in front: half of all positions are among the first 128 bytes. */
static size_t place(struct input *in)
{
    return below(in, in->len > 128 && fuzz_random(in->random) % 2 ? 128 : in->len);
}

static void remove_range(struct input *in, size_t at, size_t len)
{
    memmove(in->p + at, in->p + at + len, in->len - at - len);
    in->len -= len;
}

static void insert(struct input *in, size_t at, const uint8_t *bytes, size_t len)
{
    if (len > in->max - in->len) len = in->max - in->len;
    uint8_t *copy = malloc(len + 1); /* the bytes may be part of the input */
    if (!copy) abort();
    memcpy(copy, bytes, len);
    memmove(in->p + at + len, in->p + at, in->len - at);
    memcpy(in->p + at, copy, len);
    in->len += len;
    free(copy);
}

static void overwrite(struct input *in, size_t at, const uint8_t *bytes, size_t len)
{
    if (len > in->len - at) len = in->len - at;
    memmove(in->p + at, bytes, len);
}

static void put_number(struct input *in, size_t at, uint64_t v, unsigned bytes, bool big_endian)
{
    uint8_t b[8];
    for (unsigned i = 0; i < bytes; i++) b[big_endian ? bytes - 1 - i : i] = (uint8_t)(v >> 8 * i);
    overwrite(in, at, b, bytes);
}

static void interesting_number(struct input *in)
{
    static const uint64_t numbers[] = {0,
                                       1,
                                       2,
                                       3,
                                       4,
                                       7,
                                       8,
                                       10,
                                       12,
                                       16,
                                       31,
                                       32,
                                       33,
                                       63,
                                       64,
                                       65,
                                       100,
                                       127,
                                       128,
                                       255,
                                       256,
                                       1000,
                                       1024,
                                       4096,
                                       32767,
                                       32768,
                                       65535,
                                       65536,
                                       0x7fffffff,
                                       0x80000000,
                                       0x80000001,
                                       0xfffffff0,
                                       0xffffffff,
                                       0x100000000,
                                       0x100000001,
                                       0x3fffffffffffffff,
                                       0x7fffffffffffffff,
                                       0x8000000000000000,
                                       0xfffffffffffffff0,
                                       0xffffffffffffffff};
    uint64_t v = numbers[below(in, sizeof numbers / sizeof *numbers)];
    size_t at = place(in);
    if (fuzz_random(in->random) % 2) at &= ~(size_t)3;
    put_number(in, at, v, 1u << below(in, 4), fuzz_random(in->random) % 4 == 0);
}

/* A count or an index that is off by a little. */
static void nudge_number(struct input *in)
{
    if (in->len < 4) return;
    size_t at = place(in);
    if (at > in->len - 4) at = in->len - 4;
    if (fuzz_random(in->random) % 2) at &= ~(size_t)3;
    uint32_t v;
    memcpy(&v, in->p + at, 4);
    v += (uint32_t)below(in, 33) - 16;
    memcpy(in->p + at, &v, 4);
}

static void random_bytes(struct input *in)
{
    size_t at = place(in), len = 1 + below(in, fuzz_random(in->random) % 4 ? 4 : 40);
    for (size_t i = at; i < in->len && i < at + len; i++) in->p[i] = (uint8_t)fuzz_random(in->random);
}

static void extend(struct input *in)
{
    uint8_t tail[64];
    size_t len = 1 + below(in, sizeof tail);
    bool zero = fuzz_random(in->random) % 2;
    for (size_t i = 0; i < len; i++) tail[i] = zero ? 0 : (uint8_t)fuzz_random(in->random);
    insert(in, in->len, tail, len);
}

static void splice(struct input *in, const struct fuzz_corpus *corpus)
{
    if (corpus->n == 0) return;
    size_t i = below(in, corpus->n), from = below(in, corpus->len[i] + 1);
    size_t len = below(in, corpus->len[i] - from + 1), at = below(in, in->len + 1);
    if (fuzz_random(in->random) % 2)
        overwrite(in, at, corpus->data[i] + from, len);
    else
        insert(in, at, corpus->data[i] + from, len);
}

static void swap_ranges(struct input *in)
{
    size_t len = 1 + below(in, in->len / 2), a = below(in, in->len - len + 1),
           b = below(in, in->len - len + 1);
    for (size_t i = 0; i < len; i++) {
        uint8_t t = in->p[a + i];
        in->p[a + i] = in->p[b + i];
        in->p[b + i] = t;
    }
}

static void word(struct input *in, const char *const *dictionary)
{
    size_t n = 0;
    while (dictionary && dictionary[n]) n++;
    if (n == 0) {
        interesting_number(in);
        return;
    }
    const char *w = dictionary[below(in, n)];
    if (fuzz_random(in->random) % 2)
        overwrite(in, place(in), (const uint8_t *)w, strlen(w));
    else
        insert(in, below(in, in->len + 1), (const uint8_t *)w, strlen(w));
}

static void mutate_once(struct input *in, const struct fuzz_corpus *corpus, const char *const *dictionary)
{
    size_t at, len;
    if (in->len == 0) {
        extend(in);
        return;
    }
    switch (fuzz_random(in->random) % 14) {
    case 0:
        in->len = below(in, in->len);
        break;
    case 1:
        extend(in);
        break;
    case 2:
    case 3:
        in->p[place(in)] ^= (uint8_t)(1 << below(in, 8));
        break;
    case 4:
        for (at = place(in), len = 1 + below(in, 16); len > 0 && at < in->len; len--, at++)
            in->p[at] ^= (uint8_t)(1 << below(in, 8));
        break;
    case 5:
        random_bytes(in);
        break;
    case 6:
    case 7:
        interesting_number(in);
        break;
    case 8:
        nudge_number(in);
        break;
    case 9:
        splice(in, corpus);
        break;
    case 10:
        at = below(in, in->len);
        remove_range(in, at,
                     1 + below(in, fuzz_random(in->random) % 2 ? in->len - at : (in->len - at < 9 ? 1 : 8)));
        break;
    case 11:
        at = below(in, in->len);
        insert(in, below(in, in->len + 1), in->p + at, 1 + below(in, in->len - at));
        break;
    case 12:
        swap_ranges(in);
        break;
    default:
        word(in, dictionary);
        break;
    }
}

size_t fuzz_mutate(uint8_t *data, size_t len, size_t max, const struct fuzz_corpus *corpus,
                   const char *const *dictionary, uint64_t *random)
{
    struct input in = {.p = data, .len = len, .max = max, .random = random};
    do mutate_once(&in, corpus, dictionary);
    while (fuzz_random(random) % 3 == 0);
    return in.len;
}
