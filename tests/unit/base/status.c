/* Values, names and exit codes written out once more, so that renumbering status.def fails here. */
#include "base/status.h"
#include "test.h"

static const struct {
    int value, exit_code;
    const char *name;
} stable[] = {
    {0, 0, "OK"},         {1, 1, "INVALID_PROOF"}, {2, 1, "UNSATISFIED"}, {3, 2, "USAGE"},
    {4, 3, "FORMAT"},     {5, 3, "UNSUPPORTED"},   {6, 3, "MISMATCH"},    {7, 4, "IO"},
    {8, 4, "NOT_FOUND"},  {9, 5, "NO_MEMORY"},     {10, 5, "TIMEOUT"},    {11, 5, "CANCELLED"},
    {12, 6, "NETWORK"},   {13, 6, "PROTOCOL"},     {14, 7, "AUTH"},       {15, 7, "UNSAFE_KEY"},
    {16, 7, "CONFLICT"},  {17, 3, "CIRCUIT"},      {18, 5, "SANDBOX"},    {19, 6, "CHAIN"},
    {20, 70, "INTERNAL"},  {21, 5, "DEVICE"},
};

PM_TEST(values_names_and_exit_codes_are_stable)
{
    int n = (int)(sizeof stable / sizeof *stable);
    for (int i = 0; i < n; i++) {
        enum pm_status s = (enum pm_status)stable[i].value;
        CHECK_U64(i, stable[i].value);
        CHECK_STR(pm_status_name(s), stable[i].name);
        CHECK_U64(pm_status_exit_code(s), stable[i].exit_code);
        CHECK(pm_status_meaning(s)[0] != '\0');
    }
    CHECK_U64(PM_OK, 0);
    CHECK_U64(PM_FORMAT, 4);
    CHECK_U64(PM_INTERNAL, 20);
    for (int v = n; v < 256; v++) /* a status that was appended needs its row above */
        CHECK_MSG(strcmp(pm_status_name((enum pm_status)v), "UNKNOWN") == 0, "status %d", v);
}

PM_TEST(unknown_numbers)
{
    enum pm_status s = (enum pm_status)12345;
    CHECK_STR(pm_status_name(s), "UNKNOWN");
    CHECK_U64(pm_status_exit_code(s), 70);
    CHECK(pm_status_meaning(s)[0] != '\0');
}

PM_TEST(only_ok_exits_with_zero)
{
    for (int v = 1; v < 256; v++) CHECK(pm_status_exit_code((enum pm_status)v) != 0);
    CHECK_U64(pm_status_exit_code(PM_OK), 0);
}

PM_TEST(fail_writes_status_and_text)
{
    struct pm_error err = {0};
    CHECK_U64(pm_fail(&err, PM_IO, "%s: %d of %d", "x", 1, 2), PM_IO);
    CHECK_U64(err.status, PM_IO);
    CHECK_STR(err.text, "x: 1 of 2");
    CHECK_U64(pm_fail(NULL, PM_AUTH, "nobody reads %d", 1), PM_AUTH);
}

PM_TEST(overlong_text_is_cut)
{
    struct pm_error err = {0};
    char big[3000];
    memset(big, 'a', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    CHECK_U64(pm_fail(&err, PM_FORMAT, "%s", big), PM_FORMAT);
    CHECK_U64(strlen(err.text), sizeof err.text - 1);
    CHECK_U64(pm_fail_in(&err, "%s", "file"), PM_FORMAT);
    CHECK_U64(strlen(err.text), sizeof err.text - 1);
    CHECK(strncmp(err.text, "file: aaa", 9) == 0);
    CHECK_U64(pm_fail_in(&err, "%s", big), PM_FORMAT);
    CHECK_U64(strlen(err.text), sizeof err.text - 1);
}

PM_TEST(fail_in_puts_a_prefix)
{
    struct pm_error err = {0};
    CHECK_U64(pm_fail_in(&err, "nothing failed"), PM_INTERNAL);
    CHECK_STR(err.text, "");
    (void)pm_fail(&err, PM_NETWORK, "refused");
    CHECK_U64(pm_fail_in(&err, "peer %d", 7), PM_NETWORK);
    CHECK_STR(err.text, "peer 7: refused");
    CHECK_U64(err.status, PM_NETWORK);
    CHECK_U64(pm_fail_in(NULL, "x"), PM_INTERNAL);
}

static enum pm_status try_twice(enum pm_status first, int *reached)
{
    PM_TRY(first);
    ++*reached;
    return PM_OK;
}

static enum pm_status goto_out(enum pm_status first, int *released)
{
    enum pm_status status;
    PM_GOTO(first);
    status = PM_INVALID_PROOF;
out:
    ++*released;
    return status;
}

PM_TEST(early_returns)
{
    int reached = 0, released = 0;
    CHECK_U64(try_twice(PM_IO, &reached), PM_IO);
    CHECK_U64(reached, 0);
    CHECK_U64(try_twice(PM_OK, &reached), PM_OK);
    CHECK_U64(reached, 1);
    CHECK_U64(goto_out(PM_TIMEOUT, &released), PM_TIMEOUT);
    CHECK_U64(goto_out(PM_OK, &released), PM_INVALID_PROOF);
    CHECK_U64(released, 2);
}
