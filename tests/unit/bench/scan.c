/* The JSON scanner: what is well-formed, what is found, and that strings come back as they were. */
#include "scan.h"
#include "test.h"

static bool well_formed(const char *text)
{
    struct slice v;
    return scan_value(&v, text, strlen(text));
}

PM_TEST(shapes)
{
    static const char *const good[] = {"0",    "-1.5e+3", "\"\"",         "\"a\\u00ff\\n\"",        " [ ] ",
                                       "true", "null",    "[1,2 , [3]]",  "{\"a\":{\"b\":[1]}}",    "{}",
                                       "[{}]", "0.5",     "{\"a\" : 1 }", "[\"}\",\"]\",\"\\\"\"]", "1E9"};
    static const char *const bad[] = {
        "",    "01",   "1.",     "-",       "\"",          "\"\n\"", "\"\\x\"",
        "[1",  "[1,]", "{\"a\"", "{\"a\":", "{\"a\":1",    "{a:1}",  "tru",
        "1 2", "{,}",  "]",      "[1}",     "\"\\u12g4\"", "nul",    "{\"a\" 1}"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) CHECK_MSG(well_formed(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) CHECK_MSG(!well_formed(bad[i]), "%s", bad[i]);
    char deep[200];
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    struct slice v;
    CHECK(!scan_value(&v, deep, 200));
    CHECK(scan_value(&v, deep + 90, 20));
}

/* Every beginning of a line is refused, whatever place it is cut at. */
PM_TEST(cut_off)
{
    static const char line[] = "{\"a\": \"x}\\\"y\", \"b\": [1, {\"c\": -2.5e3}], \"d\": true}";
    struct slice v;
    for (size_t n = 0; n < sizeof line - 1; n++) {
        char *copy = malloc(n + 1); /* its end is the end of memory, for AddressSanitizer */
        memcpy(copy, line, n);
        CHECK_MSG(!scan_value(&v, copy, n), "%zu bytes", n);
        free(copy);
    }
    CHECK(scan_value(&v, line, sizeof line - 1));
}

PM_TEST(members)
{
    static const char line[] = " {\"ab\": 1, \"a\": \"t\\\"e\\\\x\\nt\", \"list\": [ {\"n\": 2.5}, 7, \"]\" "
                               "], \"a\": 3, \"e\": []} ";
    struct slice v, list, element = {NULL, 0}, none = {NULL, 0};
    char text[32];
    CHECK(scan_value(&v, line, strlen(line)));
    CHECK(scan_number(v, "ab") == 1);
    CHECK(scan_number(v, "b") == 0 && !scan_get(&list, v, "b"));
    CHECK(scan_is(v, "a", "t\"e\\x\nt"));
    scan_text(text, 3, v, "a");
    CHECK_STR(text, "t\"");
    scan_text(text, sizeof text, v, "ab");
    CHECK_STR(text, "");
    CHECK(scan_get(&list, v, "list"));
    CHECK(scan_next(&element, list) && scan_number(element, "n") == 2.5);
    CHECK(scan_next(&element, list) && element.n == 1 && *element.at == '7');
    CHECK(scan_next(&element, list) && element.n == 3);
    CHECK(!scan_next(&element, list));
    element = none;
    CHECK(scan_get(&list, v, "e") && !scan_next(&element, list));
    CHECK(!scan_next(&element, v) && !scan_get(&list, element, "a"));
}

PM_TEST(strings_there_and_back)
{
    static const char odd[] = "a\"b\\c\nd\te\x7f\x80 f";
    char *text = NULL;
    size_t n = 0;
    struct slice v;
    FILE *f = open_memstream(&text, &n);
    CHECK(f != NULL);
    fputs("{\"s\": ", f);
    scan_write(f, odd);
    fputs("}", f);
    fclose(f);
    CHECK_MSG(scan_value(&v, text, n), "%s", text);
    CHECK(scan_is(v, "s", "a\"b\\c\nd e?? f"));
    free(text);
}
