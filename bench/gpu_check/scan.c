/* A scanner for JSON (RFC 8259), recursive and without memory of its own. See scan.h. */
#include "scan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 32 };

static const char *space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')) p++;
    return p;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static const char *skip_string(const char *p, const char *end)
{
    if (p == end || *p++ != '"') return NULL;
    while (p < end && *p != '"') {
        if ((unsigned char)*p < ' ') return NULL;
        if (*p++ != '\\') continue;
        if (p == end || !strchr("\"\\/bfnrtu", *p) || *p == '\0') return NULL;
        if (*p++ != 'u') continue;
        for (int i = 0; i < 4; i++)
            if (p == end || !is_hex(*p++)) return NULL;
    }
    return p < end ? p + 1 : NULL;
}

static const char *digits(const char *p, const char *end)
{
    const char *begin = p;
    while (p < end && *p >= '0' && *p <= '9') p++;
    return p > begin ? p : NULL;
}

static const char *skip_number(const char *p, const char *end)
{
    if (p < end && *p == '-') p++;
    bool zero = p < end && *p == '0';
    const char *begin = p;
    p = digits(p, end);
    if (!p || (zero && p - begin > 1)) return NULL;
    if (p < end && *p == '.' && !(p = digits(p + 1, end))) return NULL;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-')) p++;
        p = digits(p, end);
    }
    return p;
}

static const char *skip_word(const char *p, const char *end, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(end - p) >= n && memcmp(p, word, n) == 0 ? p + n : NULL;
}

static const char *skip_value(const char *p, const char *end, int depth);

/* Members of an object, or elements of an array. */
static const char *skip_list(const char *p, const char *end, int depth, bool object)
{
    const char close = object ? '}' : ']';
    p = space(p + 1, end);
    if (p < end && *p == close) return p + 1;
    for (;;) {
        if (object) {
            if (!(p = skip_string(p, end))) return NULL;
            p = space(p, end);
            if (p == end || *p++ != ':') return NULL;
            p = space(p, end);
        }
        if (!(p = skip_value(p, end, depth + 1))) return NULL;
        p = space(p, end);
        if (p == end) return NULL;
        if (*p == close) return p + 1;
        if (*p++ != ',') return NULL;
        p = space(p, end);
    }
}

static const char *skip_value(const char *p, const char *end, int depth)
{
    if (p == end || depth > DEEPEST) return NULL;
    switch (*p) {
    case '{':
    case '[':
        return skip_list(p, end, depth, *p == '{');
    case '"':
        return skip_string(p, end);
    case 't':
        return skip_word(p, end, "true");
    case 'f':
        return skip_word(p, end, "false");
    case 'n':
        return skip_word(p, end, "null");
    default:
        return skip_number(p, end);
    }
}

bool scan_value(struct slice *out, const char *text, size_t n)
{
    const char *end = text + n, *begin = space(text, end), *p = skip_value(begin, end, 0);
    if (!p || space(p, end) != end) return false;
    *out = (struct slice){begin, (size_t)(p - begin)};
    return true;
}

bool scan_get(struct slice *out, struct slice object, const char *key)
{
    if (object.n == 0 || *object.at != '{') return false; /* before the sum: NULL may be its place */
    const char *end = object.at + object.n, *p = object.at;
    size_t n = strlen(key);
    p = space(p + 1, end);
    while (p < end && *p != '}') {
        const char *name = p + 1, *after = skip_string(p, end);
        if (!after) return false;
        p = space(space(after, end) + 1, end);
        const char *value = p;
        if (!(p = skip_value(value, end, 0))) return false;
        if ((size_t)(after - 1 - name) == n && memcmp(name, key, n) == 0) {
            *out = (struct slice){value, (size_t)(p - value)};
            return true;
        }
        p = space(p, end);
        if (p < end && *p == ',') p = space(p + 1, end);
    }
    return false;
}

bool scan_next(struct slice *element, struct slice array)
{
    if (array.n == 0 || *array.at != '[') return false;
    const char *end = array.at + array.n;
    const char *p = space(element->at ? element->at + element->n : array.at + 1, end);
    if (element->at && p < end && *p == ',') p = space(p + 1, end);
    if (p == end || *p == ']') return false;
    const char *after = skip_value(p, end, 0);
    if (!after) return false;
    *element = (struct slice){p, (size_t)(after - p)};
    return true;
}

double scan_number(struct slice object, const char *key)
{
    struct slice v;
    char text[64] = "";
    if (!scan_get(&v, object, key) || v.n >= sizeof text) return 0;
    memcpy(text, v.at, v.n);
    return strtod(text, NULL);
}

void scan_text(char *out, size_t size, struct slice object, const char *key)
{
    struct slice v;
    size_t n = 0;
    out[0] = '\0';
    if (!scan_get(&v, object, key) || v.n < 2 || *v.at != '"') return;
    for (size_t i = 1; i + 1 < v.n && n + 1 < size; i++) {
        char c = v.at[i];
        if (c == '\\') {
            c = v.at[++i];
            if (c == 'n') c = '\n';
            if (c == 'u') i += 4; /* scan_write's only ones are control characters */
            if (c == 'u') c = ' ';
        }
        out[n++] = c;
    }
    out[n] = '\0';
}

bool scan_is(struct slice object, const char *key, const char *text)
{
    char found[1024];
    struct slice v;
    scan_text(found, sizeof found, object, key);
    return scan_get(&v, object, key) && strcmp(found, text) == 0;
}

void scan_write(FILE *out, const char *text)
{
    (void)putc('"', out);
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            (void)fprintf(out, "\\%c", c);
        else if (c == '\n')
            (void)fputs("\\n", out);
        else if (c < ' ')
            (void)fprintf(out, "\\u%04x", (unsigned)c);
        else
            (void)putc(c > '~' ? '?' : c, out);
    }
    (void)putc('"', out);
}
