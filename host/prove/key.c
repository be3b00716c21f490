/* A proving key made ready once: rows of A and B from the .zkey's coefficient records, the verification key,
 * and the copies that backends load. Immutable for its users; only the list of loaded copies grows, behind a
 * mutex. Next: prover.c. */
#include "prove/key.h"
#include "base/bytes.h"
#include "prove/dev_secrets.h"

#include <pthread.h>
#include <stdlib.h>

struct loaded {
    struct loaded *next;
    const struct pm_backend *backend;
    unsigned device;
    void *state;
};

struct pm_loaded_list {
    pthread_mutex_t mutex;
    struct loaded *first;
};

enum { record_head_bytes = 12 }; /* matrix, row, column; then the value */

/* Rows under construction. */
struct rows {
    uint32_t *start, *column;
    uint8_t *coefficient;
};

static size_t record_bytes(const struct pm_zkey *z) { return record_head_bytes + z->curve->fr_bytes; }

static enum pm_status rows_alloc(struct rows *r, size_t n_rows, size_t n_entries, size_t element_bytes,
                                 struct pm_error *err)
{
    r->start = calloc(n_rows + 2, sizeof *r->start);
    r->column = calloc(n_entries + 1, sizeof *r->column);
    r->coefficient = calloc(n_entries + 1, element_bytes);
    if (r->start && r->column && r->coefficient) return PM_OK;
    return pm_fail(err, PM_NO_MEMORY, "the rows of the key (%zu rows, %zu entries) do not fit into memory",
                   n_rows, n_entries);
}

/* Counting sort by row; records may come in any order. start[row + 2] counts first, then start[row + 1] is
 * the next free place of `row`, and in the end start[row] is where it begins. */
static void rows_fill(struct rows r[2], const struct pm_zkey *z)
{
    size_t size = record_bytes(z), element = z->curve->fr_bytes;
    const uint8_t *record = z->coeffs;
    for (uint64_t i = 0; i < z->n_coeffs; i++, record += size)
        r[pm_load_le32(record)].start[(size_t)pm_load_le32(record + 4) + 2]++;
    for (int m = 0; m < 2; m++)
        for (size_t row = 0; row < z->domain_size; row++) r[m].start[row + 2] += r[m].start[row + 1];
    record = z->coeffs;
    for (uint64_t i = 0; i < z->n_coeffs; i++, record += size) {
        struct rows *m = &r[pm_load_le32(record)];
        size_t at = m->start[(size_t)pm_load_le32(record + 4) + 1]++;
        m->column[at] = pm_load_le32(record + 8);
        memcpy(m->coefficient + at * element, record + record_head_bytes, element);
    }
}

static enum pm_status count_entries(size_t count[2], const struct pm_zkey *z, struct pm_error *err)
{
    count[0] = count[1] = 0;
    const uint8_t *record = z->coeffs;
    for (uint64_t i = 0; i < z->n_coeffs; i++, record += record_bytes(z)) {
        uint32_t matrix = pm_load_le32(record), row = pm_load_le32(record + 4),
                 column = pm_load_le32(record + 8);
        if (matrix > 1 || row >= z->domain_size || column >= z->n_vars)
            return pm_fail(err, PM_FORMAT, "%s: coefficient %llu is out of range", z->file.name,
                           (unsigned long long)i);
        count[matrix]++;
    }
    if (count[0] > UINT32_MAX || count[1] > UINT32_MAX)
        return pm_fail(err, PM_UNSUPPORTED, "%s: more than 2^32 coefficients", z->file.name);
    return PM_OK;
}

static enum pm_status make_rows(struct pm_key *key, struct pm_error *err)
{
    const struct pm_zkey *z = key->zkey;
    size_t count[2];
    PM_TRY(count_entries(count, z, err));
    struct rows r[2] = {{0}};
    enum pm_status status = PM_OK;
    for (int m = 0; m < 2 && status == PM_OK; m++)
        status = rows_alloc(&r[m], z->domain_size, count[m], z->curve->fr_bytes, err);
    if (status == PM_OK) {
        rows_fill(r, z);
        const uint64_t from = (uint64_t)(z->coeffs - z->file.data);
        pm_binfile_release(&z->file, from, from + z->n_coeffs * record_bytes(z));
    }
    key->view.rows_a = (struct pm_backend_rows){z->domain_size, r[0].start, r[0].column, r[0].coefficient};
    key->view.rows_b = (struct pm_backend_rows){z->domain_size, r[1].start, r[1].column, r[1].coefficient};
    return status;
}

enum pm_status pm_vk_from_zkey(struct pm_vk *vk, const struct pm_zkey *z, struct pm_error *err)
{
    size_t n1 = z->curve->g1_bytes, n2 = z->curve->g2_bytes, ic_bytes = ((size_t)z->n_public + 1) * n1;
    *vk = (struct pm_vk){.curve = z->curve, .n_public = z->n_public, .dev = z->dev, .ic = malloc(ic_bytes)};
    if (!vk->ic) return pm_fail(err, PM_NO_MEMORY, "%s: no memory for the verification key", z->file.name);
    memcpy(vk->alpha1, z->alpha1, n1);
    memcpy(vk->beta2, z->beta2, n2);
    memcpy(vk->gamma2, z->gamma2, n2);
    memcpy(vk->delta2, z->delta2, n2);
    memcpy(vk->ic, z->ic, ic_bytes);
    vk->dev = vk->dev || pm_dev_secrets_made(vk->curve, vk->alpha1, vk->beta2);
    enum pm_status status = pm_vk_check(vk, z->file.name, err);
    if (status != PM_OK) pm_vk_fini(vk);
    return status;
}

enum pm_status pm_key_new(struct pm_key **out, const struct pm_zkey *zkey, struct pm_pool *pool,
                          struct pm_error *err)
{
    (void)pool;
    *out = NULL;
    struct pm_key *key = calloc(1, sizeof *key);
    struct pm_loaded_list *list = calloc(1, sizeof *list);
    if (!key || !list) {
        free(key);
        free(list);
        return pm_fail(err, PM_NO_MEMORY, "no memory for a key");
    }
    pthread_mutex_init(&list->mutex, NULL);
    key->zkey = zkey;
    key->curve = zkey->curve;
    key->loaded = list;
    key->view = (struct pm_backend_key){.curve = zkey->curve->name,
                                        .fp_bytes = zkey->curve->fp_bytes,
                                        .fr_bytes = zkey->curve->fr_bytes,
                                        .n_vars = zkey->n_vars,
                                        .n_public = zkey->n_public,
                                        .log2_domain = zkey->log2_domain,
                                        .a = zkey->a,
                                        .b1 = zkey->b1,
                                        .b2 = zkey->b2,
                                        .c = zkey->c,
                                        .h = zkey->h};
    enum pm_status status = pm_vk_from_zkey(&key->vk, zkey, err);
    if (status == PM_OK) status = pm_vk_ready_new(&key->ready, &key->vk, err);
    if (status == PM_OK) status = make_rows(key, err);
    if (status != PM_OK) {
        pm_key_free(&key);
        return status;
    }
    *out = key;
    return PM_OK;
}

static void rows_free(struct pm_backend_rows *r)
{
    free((void *)(uintptr_t)r->start); /* allocated here, const for everyone else */
    free((void *)(uintptr_t)r->column);
    free((void *)(uintptr_t)r->coefficient);
}

void pm_key_free(struct pm_key **key_at)
{
    struct pm_key *key = *key_at;
    if (!key) return;
    while (key->loaded->first) {
        struct loaded *l = key->loaded->first;
        key->loaded->first = l->next;
        l->backend->unload(&l->state);
        free(l);
    }
    pthread_mutex_destroy(&key->loaded->mutex);
    free(key->loaded);
    rows_free(&key->view.rows_a);
    rows_free(&key->view.rows_b);
    pm_vk_ready_free(&key->ready);
    pm_vk_fini(&key->vk);
    free(key);
    *key_at = NULL;
}

const struct pm_vk *pm_key_vk(const struct pm_key *key) { return &key->vk; }
const struct pm_vk_ready *pm_key_vk_ready(const struct pm_key *key) { return key->ready; }
const struct pm_zkey *pm_key_zkey(const struct pm_key *key) { return key->zkey; }

static enum pm_status load_on(struct loaded **out, const struct pm_key *key, const struct pm_backend *backend,
                              unsigned device, struct pm_pool *pool, struct pm_error *err)
{
    struct loaded *l = calloc(1, sizeof *l);
    if (!l) return pm_fail(err, PM_NO_MEMORY, "no memory for a loaded key");
    enum pm_status status = backend->load(&l->state, &key->view, device, pool, err);
    if (status != PM_OK) {
        free(l);
        return status;
    }
    l->backend = backend;
    l->device = device;
    *out = l;
    return PM_OK;
}

enum pm_status pm_key_on(void **loaded, const struct pm_key *key, const struct pm_backend *backend,
                         unsigned device, struct pm_pool *pool, struct pm_error *err)
{
    struct pm_loaded_list *list = key->loaded;
    enum pm_status status = PM_OK;
    pthread_mutex_lock(&list->mutex);
    struct loaded *l = list->first;
    while (l && (l->backend != backend || l->device != device)) l = l->next;
    if (!l) {
        status = load_on(&l, key, backend, device, pool, err);
        if (status == PM_OK) {
            l->next = list->first;
            list->first = l;
        }
    }
    if (status == PM_OK) *loaded = l->state;
    pthread_mutex_unlock(&list->mutex);
    return status;
}
