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
    size_t users; /* provers */
    void *state;
};

struct pm_loaded_list {
    pthread_mutex_t mutex;
    struct loaded *first;
};

enum { row_at = 4, column_at = 8, coefficient_at = 12 }; /* in a record, after the matrix */

static size_t record_bytes(const struct pm_zkey *z) { return coefficient_at + z->curve->fr_bytes; }

/* Counts the records of each row: row i of matrix m in start[m][i + 2]. */
static enum pm_status count_records(uint32_t *const start[2], const struct pm_zkey *z, struct pm_error *err)
{
    const uint8_t *record = z->coeffs;
    if (z->n_coeffs > UINT32_MAX)
        return pm_fail(err, PM_UNSUPPORTED, "%s: more than 2^32 coefficients", z->file.name);
    for (uint64_t i = 0; i < z->n_coeffs; i++, record += record_bytes(z)) {
        uint32_t matrix = pm_load_le32(record), row = pm_load_le32(record + row_at);
        if (matrix > 1 || row >= z->domain_size || pm_load_le32(record + column_at) >= z->n_vars)
            return pm_fail(err, PM_FORMAT, "%s: coefficient %llu is out of range", z->file.name,
                           (unsigned long long)i);
        start[matrix][(size_t)row + 2]++;
    }
    return PM_OK;
}

/* Counting sort by row; records may come in any order. start[row + 2] has the counts; then start[row + 1] is
 * the next free place of `row`, and in the end start[row] is where it begins. */
static void sort_records(uint32_t *const start[2], uint32_t *const entry[2], const struct pm_zkey *z)
{
    const uint8_t *record = z->coeffs;
    for (int m = 0; m < 2; m++)
        for (size_t row = 0; row < z->domain_size; row++) start[m][row + 2] += start[m][row + 1];
    for (uint64_t i = 0; i < z->n_coeffs; i++, record += record_bytes(z)) {
        uint32_t matrix = pm_load_le32(record);
        entry[matrix][start[matrix][(size_t)pm_load_le32(record + row_at) + 1]++] = (uint32_t)i;
    }
}

static struct pm_backend_rows rows_of(const struct pm_zkey *z, const uint32_t *start, const uint32_t *entry)
{
    return (struct pm_backend_rows){.n_rows = z->domain_size,
                                    .step = record_bytes(z),
                                    .start = start,
                                    .entry = entry,
                                    .column = z->coeffs + column_at,
                                    .coefficient = z->coeffs + coefficient_at};
}

/* Their pages go back to the system, which has them in its cache. */
static void records_done(const void *zkey)
{
    const struct pm_zkey *z = zkey;
    const uint64_t from = (uint64_t)(z->coeffs - z->file.data);
    pm_binfile_release(&z->file, from, from + z->n_coeffs * record_bytes(z));
}

/* The coefficients stay where they lie in the file: rows say which records they take. */
static enum pm_status make_rows(struct pm_key *key, struct pm_error *err)
{
    const struct pm_zkey *z = key->zkey;
    const size_t starts = z->domain_size + 2;
    uint32_t *start = calloc(2 * starts, sizeof *start), *entry = NULL;
    uint32_t *const starts_of[2] = {start, start ? start + starts : NULL};
    key->row_starts = start;
    if (start) {
        PM_TRY(count_records(starts_of, z, err));
        key->row_entries = entry = malloc((size_t)(z->n_coeffs + 1) * sizeof *entry);
    }
    if (!start || !entry)
        return pm_fail(err, PM_NO_MEMORY,
                       "the rows of the key (%u rows, %llu entries) do not fit into memory", z->domain_size,
                       (unsigned long long)z->n_coeffs);
    size_t n_a = 0;
    for (size_t row = 0; row < z->domain_size; row++) n_a += start[row + 2];
    uint32_t *const entries_of[2] = {entry, entry + n_a};
    sort_records(starts_of, entries_of, z);
    key->view.rows_a = rows_of(z, starts_of[0], entries_of[0]);
    key->view.rows_b = rows_of(z, starts_of[1], entries_of[1]);
    key->view.rows_done = records_done;
    key->view.rows_owner = z;
    return PM_OK;
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

/* The two halves of a key, which know nothing of each other. */
struct making {
    struct pm_key *key;
    enum pm_status status[2];
    struct pm_error err[2];
};
static void make_part(void *ctx, size_t begin, size_t end)
{
    struct making *m = ctx;
    struct pm_key *key = m->key;
    for (size_t i = begin; i < end; i++) {
        if (i == 1) {
            m->status[1] = make_rows(key, &m->err[1]);
            continue;
        }
        m->status[0] = pm_vk_from_zkey(&key->vk, key->zkey, &m->err[0]);
        if (m->status[0] == PM_OK) m->status[0] = pm_vk_ready_new(&key->ready, &key->vk, &m->err[0]);
    }
}

enum pm_status pm_key_new(struct pm_key **out, const struct pm_zkey *zkey, struct pm_pool *pool,
                          struct pm_error *err)
{
    return pm_key_new_warm(out, zkey, 0, pool, err);
}

enum pm_status pm_key_new_warm(struct pm_key **out, const struct pm_zkey *zkey, size_t table_bytes,
                               struct pm_pool *pool, struct pm_error *err)
{
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
                                        .h = zkey->h,
                                        .table_bytes = table_bytes,
                                        .table_threads = pm_pool_threads(pool)};
    struct making making = {.key = key};
    pm_pool_for(pool, 2, 1, make_part, &making);
    enum pm_status status = PM_OK;
    for (int i = 0; i < 2 && status == PM_OK; i++) {
        status = making.status[i];
        if (status != PM_OK && err) *err = making.err[i];
    }
    if (status != PM_OK) {
        pm_key_free(&key);
        return status;
    }
    *out = key;
    return PM_OK;
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
    free(key->row_starts);
    free(key->row_entries);
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
    if (status == PM_OK) {
        *loaded = l->state;
        l->users++;
    }
    pthread_mutex_unlock(&list->mutex);
    return status;
}

static void unload(struct loaded **at)
{
    struct loaded *l = *at;
    *at = l->next;
    l->backend->unload(&l->state);
    free(l);
}

void pm_key_off(const struct pm_key *key, const struct pm_backend *backend, unsigned device, bool forget)
{
    struct pm_loaded_list *list = key->loaded;
    pthread_mutex_lock(&list->mutex);
    struct loaded **at = &list->first;
    while (*at && ((*at)->backend != backend || (*at)->device != device)) at = &(*at)->next;
    if (*at && --(*at)->users == 0 && forget) unload(at);
    pthread_mutex_unlock(&list->mutex);
}

void pm_key_let_go(const struct pm_key *key)
{
    struct pm_loaded_list *list = key->loaded;
    pthread_mutex_lock(&list->mutex);
    for (struct loaded **at = &list->first; *at;)
        if ((*at)->users == 0 && !(*at)->backend->trusted)
            unload(at);
        else
            at = &(*at)->next;
    pthread_mutex_unlock(&list->mutex);
}
