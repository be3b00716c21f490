/* Makes what the tests of the compatibility library use, in the folder named: key.zkey, good.wtns, bad.wtns
 * (does not satisfy), long.wtns (one value more), vk.json. A program of its own, for the library shows none
 * of what this needs. */
#include "conformance/oracle.h"
#include "file/wtns.h"
#include "json/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *dir;

static const char *at(const char *name)
{
    static char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static int copy(const char *from, const char *to)
{
    static char block[1 << 16];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    size_t n = 0;
    while (in && out && (n = fread(block, 1, sizeof block, in)) > 0)
        if (fwrite(block, 1, n, out) != n) return -1;
    if (!in || !out) return -1;
    (void)fclose(in);
    return fclose(out);
}

static int write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    if (!f || !text || fputs(text, f) < 0) return -1;
    return fclose(f);
}

int main(int argc, char **argv)
{
    struct oracle o;
    struct oracle_key k;
    struct pm_error err = {0};
    if (argc != 2) return 2;
    dir = argv[1];
    if (mkdir(dir, 0777) != 0 && errno != EEXIST) return 4;
    oracle_make(&o, pm_curve_by_name("bn128"), 200, 3, 42);
    const char *failed = oracle_key_make(&k, &o, NULL, &err);
    if (failed) {
        fprintf(stderr, "%s\n", failed);
        return 1;
    }
    char *vk = pm_json_write_vk(pm_key_vk(k.key));
    int bad = copy(k.path, at("key.zkey")) | write_text(at("vk.json"), vk);
    free(vk);
    uint8_t *values = calloc(o.n_vars + 1, ORACLE_ELEMENT);
    if (!values) return 5;
    memcpy(values, o.witness, (size_t)o.n_vars * ORACLE_ELEMENT);
    bad |= pm_wtns_write(at("good.wtns"), o.curve, values, o.n_vars, &err) != PM_OK;
    bad |= pm_wtns_write(at("long.wtns"), o.curve, values, o.n_vars + 1, &err) != PM_OK;
    values[(size_t)(o.n_vars - 1) * ORACLE_ELEMENT] ^= 1;
    bad |= pm_wtns_write(at("bad.wtns"), o.curve, values, o.n_vars, &err) != PM_OK;
    free(values);
    oracle_key_free(&k);
    oracle_free(&o);
    if (bad) fprintf(stderr, "files cannot be written to %s: %s\n", dir, err.text);
    return bad;
}
