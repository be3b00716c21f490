/* One changed bit anywhere in proof, public signals or verification key is refused; random damage never
 * crashes the readers and never makes a false statement true. */
#include "statement.h"
#include "test.h"

struct texts {
    char *text[3]; /* vk, public, proof */
    size_t len[3];
};

static struct texts copy_of(const struct statement *s)
{
    const char *from[3] = {s->vk_text, s->public_text, s->proof_text};
    struct texts t;
    for (int i = 0; i < 3; i++) {
        t.text[i] = strdup(from[i]);
        t.len[i] = strlen(from[i]);
    }
    return t;
}

static void free_texts(struct texts *t)
{
    for (int i = 0; i < 3; i++) free(t->text[i]);
}

/* which: the text that was changed; the key is read again only when it is that one. */
static enum pm_status check(const struct statement *s, const struct texts *t, int which, struct pm_error *err)
{
    if (which != 0)
        return statement_check_with(pm_key_vk(s->k.key), t->text[1], t->len[1], t->text[2], t->len[2], err);
    return statement_check(t->text[0], t->len[0], t->text[1], t->len[1], t->text[2], t->len[2], err);
}

static void every_bit(int which)
{
    struct statement s;
    bool made = statement_make(&s, 2, test_random());
    CHECK_MSG(made, "%s", s.err.text);
    if (made) {
        struct texts t = copy_of(&s);
        CHECK_OK(check(&s, &t, which, &s.err), s.err);
        for (size_t i = 0; i < 8 * t.len[which]; i++) {
            t.text[which][i / 8] ^= (char)(1 << i % 8);
            enum pm_status status = check(&s, &t, which, &s.err);
            CHECK_MSG(status == PM_FORMAT || status == PM_UNSUPPORTED || status == PM_MISMATCH ||
                          status == PM_INVALID_PROOF,
                      "text %d, bit %zu: status %d", which, i, status);
            t.text[which][i / 8] ^= (char)(1 << i % 8);
        }
        CHECK_OK(check(&s, &t, which, &s.err), s.err);
        free_texts(&t);
    }
    statement_free(&s);
}

PM_TEST(every_bit_of_the_key_text) { every_bit(0); }
PM_TEST(every_bit_of_the_public_text) { every_bit(1); }
PM_TEST(every_bit_of_the_proof_text) { every_bit(2); }

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Every number of one digit replaced by every other digit: no coordinate that is 0 or 1 is free. */
PM_TEST(every_small_number_counts)
{
    struct statement s;
    bool made = statement_make(&s, 1, test_random());
    CHECK_MSG(made, "%s", s.err.text);
    if (made) {
        struct texts t = copy_of(&s);
        for (int which = 0; which < 3; which++) {
            for (size_t i = 1; i + 1 < t.len[which]; i++) {
                char old = t.text[which][i];
                if (old < '0' || old > '9' || is_digit(t.text[which][i - 1]) ||
                    is_digit(t.text[which][i + 1]))
                    continue;
                for (char digit = '0'; digit <= '9'; digit++) {
                    if (digit == old) continue;
                    t.text[which][i] = digit;
                    CHECK_MSG(check(&s, &t, which, &s.err) != PM_OK, "text %d, offset %zu: %c instead of %c",
                              which, i, digit, old);
                }
                t.text[which][i] = old;
            }
        }
        free_texts(&t);
    }
    statement_free(&s);
}

/* Truncations, insertions, duplicated pieces, bytes from JSON's alphabet. */
static void mutate(char **text, size_t *len)
{
    static const char alphabet[] = "{}[]\":,0123456789eE+-.\\utrfn \n\t\0\x80\xff";
    for (unsigned n = 1 + (unsigned)(test_random() % 3); n > 0; n--) {
        size_t at = test_random() % (*len + 1), size = test_random() % 40;
        switch (test_random() % 5) {
        case 0:
            *len = at;
            break;
        case 1:
            if (at < *len) (*text)[at] = (char)test_random();
            break;
        case 2:
            if (at < *len) (*text)[at] = alphabet[test_random() % (sizeof alphabet - 1)];
            break;
        case 3: /* remove a piece */
            if (size > *len - at) size = *len - at;
            memmove(*text + at, *text + at + size, *len - at - size);
            *len -= size;
            break;
        default: /* repeat a piece */
            if (size > *len - at) size = *len - at;
            *text = realloc(*text, *len + size + 1);
            memmove(*text + at + size, *text + at, *len - at);
            *len += size;
            break;
        }
    }
}

PM_TEST(random_damage)
{
    struct statement s;
    bool made = statement_make(&s, 2, test_random());
    CHECK_MSG(made, "%s", s.err.text);
    for (int i = 0; made && i < 3000; i++) {
        struct texts t = copy_of(&s), before = copy_of(&s);
        int which = i % 3;
        mutate(&t.text[which], &t.len[which]);
        /* An exact-size copy, so that a read past the end is seen by the address sanitizer. */
        char *exact = malloc(t.len[which] ? t.len[which] : 1);
        memcpy(exact, t.text[which], t.len[which]);
        free(t.text[which]);
        t.text[which] = exact;
        enum pm_status status = check(&s, &t, which, &s.err);
        if (status == PM_OK) { /* then only white space may differ */
            size_t a = 0, b = 0;
            while (a < t.len[which] || b < before.len[which]) {
                if (a < t.len[which] && strchr(" \n\t\r", exact[a])) {
                    a++;
                } else if (b < before.len[which] && strchr(" \n\t\r", before.text[which][b])) {
                    b++;
                } else {
                    CHECK(a < t.len[which] && b < before.len[which] && exact[a] == before.text[which][b]);
                    a++;
                    b++;
                }
            }
        } else {
            CHECK(strlen(s.err.text) > 0 && s.err.status == status);
        }
        free_texts(&t);
        free_texts(&before);
    }
    statement_free(&s);
}
