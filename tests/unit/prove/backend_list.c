/* Names of devices. */
#include "prove/backend.h"
#include "test.h"

static enum pm_status find(const char *name, struct pm_error *err)
{
    const struct pm_backend *b = NULL;
    unsigned device = 99;
    enum pm_status status = pm_backend_find(&b, &device, name, err);
    if (status == PM_OK) {
        CHECK(b != NULL);
        CHECK(device < b->count());
    }
    return status;
}

PM_TEST(known_names)
{
    struct pm_error err;
    CHECK_OK(find("cpu", &err), err);
    CHECK_OK(find("cpu:0", &err), err);
    CHECK_OK(find("auto", &err), err);
}

PM_TEST(unknown_names)
{
    struct pm_error err;
    static const char *const bad[] = {"",     "cp",    "cpuu",   "CPU",       "tpu",
                                      "cpu:", "cpu:x", "cpu:-1", "cpu:00000", ":0"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) CHECK_U64(find(bad[i], &err), PM_USAGE);
    CHECK_U64(find("tpu", &err), PM_USAGE);
    CHECK(strstr(err.text, "cpu") != NULL); /* says what there is */
    CHECK_U64(find("cpu:1", &err), PM_NOT_FOUND);
    CHECK_U64(find("cpu:9999", &err), PM_NOT_FOUND);
}

PM_TEST(list_is_complete)
{
    const struct pm_backend *const *list = pm_backend_list();
    int n = 0, cpus = 0;
    for (; list[n]; n++) {
        const struct pm_backend *b = list[n];
        cpus += strcmp(b->name, "cpu") == 0;
        CHECK(b->count && b->describe && b->plan && b->load && b->unload && b->open && b->close && b->prove &&
              b->msm && b->ntt);
    }
    CHECK_U64(cpus, 1);
}
