/* Writing snarkjs' JSON, byte for byte: one space per level, one value a line, no newline at the end. Next: a
 * file, or the wire. */
#include "json/json.h"
#include "base/bytes.h"
#include "prove/coord.h"

#include <stdio.h>
#include <stdlib.h>

struct writer {
    FILE *out;
    char *text;
    size_t size;
    int depth;
    bool first; /* nothing stands yet in the innermost array or object */
};

static bool begin(struct writer *w)
{
    *w = (struct writer){.first = true};
    w->out = open_memstream(&w->text, &w->size);
    return w->out != NULL;
}

static char *finish(struct writer *w)
{
    bool failed = ferror(w->out) != 0;
    if (fclose(w->out) == 0 && !failed) return w->text;
    free(w->text);
    return NULL;
}

/* The comma, line break and indent before a value, and its key where it has one. */
static void next(struct writer *w, const char *key)
{
    if (w->depth > 0) {
        if (!w->first) fputc(',', w->out);
        fprintf(w->out, "\n%*s", w->depth, "");
    }
    if (key) fprintf(w->out, "\"%s\": ", key);
    w->first = false;
}

static void open_value(struct writer *w, const char *key, char bracket)
{
    next(w, key);
    fputc(bracket, w->out);
    w->depth++;
    w->first = true;
}

static void close_value(struct writer *w, char bracket)
{
    w->depth--;
    fprintf(w->out, "\n%*s%c", w->depth, "", bracket);
    w->first = false;
}

static void put_text(struct writer *w, const char *key, const char *text)
{
    next(w, key);
    fprintf(w->out, "\"%s\"", text);
}

static void put_plain(struct writer *w, const uint8_t *plain, size_t len)
{
    char text[3 * PM_FP_MAX_BYTES + 2];
    pm_json_decimal(text, plain, len);
    put_text(w, NULL, text);
}

static void put_coordinate(struct writer *w, const struct pm_curve *curve, const uint8_t *mont)
{
    uint8_t plain[PM_FP_MAX_BYTES];
    pm_coord_to_plain(curve, plain, mont);
    put_plain(w, plain, curve->fp_bytes);
}

static void put_point1(struct writer *w, const char *key, const struct pm_curve *curve, const uint8_t *affine)
{
    bool infinity = pm_bytes_are_zero(affine, curve->g1_bytes);
    open_value(w, key, '[');
    if (infinity) {
        put_text(w, NULL, "0");
        put_text(w, NULL, "1");
    } else {
        put_coordinate(w, curve, affine);
        put_coordinate(w, curve, affine + curve->fp_bytes);
    }
    put_text(w, NULL, infinity ? "0" : "1");
    close_value(w, ']');
}

static void put_small_pair(struct writer *w, const char *c0)
{
    open_value(w, NULL, '[');
    put_text(w, NULL, c0);
    put_text(w, NULL, "0");
    close_value(w, ']');
}

static void put_pair(struct writer *w, const struct pm_curve *curve, const uint8_t *mont)
{
    open_value(w, NULL, '[');
    put_coordinate(w, curve, mont);
    put_coordinate(w, curve, mont + curve->fp_bytes);
    close_value(w, ']');
}

static void put_point2(struct writer *w, const char *key, const struct pm_curve *curve, const uint8_t *affine)
{
    bool infinity = pm_bytes_are_zero(affine, curve->g2_bytes);
    open_value(w, key, '[');
    if (infinity) {
        put_small_pair(w, "0");
        put_small_pair(w, "1");
    } else {
        put_pair(w, curve, affine);
        put_pair(w, curve, affine + 2 * curve->fp_bytes);
    }
    put_small_pair(w, infinity ? "0" : "1");
    close_value(w, ']');
}

char *pm_json_write_proof(const struct pm_proof *proof)
{
    struct writer w;
    if (!begin(&w)) return NULL;
    open_value(&w, NULL, '{');
    put_point1(&w, "pi_a", proof->curve, proof->a);
    put_point2(&w, "pi_b", proof->curve, proof->b);
    put_point1(&w, "pi_c", proof->curve, proof->c);
    put_text(&w, "protocol", "groth16");
    put_text(&w, "curve", proof->curve->name);
    close_value(&w, '}');
    return finish(&w);
}

char *pm_json_write_public(const struct pm_curve *curve, const uint8_t *public_signals, uint32_t n_public)
{
    struct writer w;
    if (!begin(&w)) return NULL;
    open_value(&w, NULL, '[');
    for (size_t i = 0; i < n_public; i++)
        put_plain(&w, public_signals + i * curve->fr_bytes, curve->fr_bytes);
    close_value(&w, ']');
    return finish(&w);
}

static void put_alphabeta(struct writer *w, const struct pm_vk *vk)
{
    uint8_t value[12 * PM_FP_MAX_BYTES];
    size_t size = vk->curve->fp_bytes;
    vk->curve->pairing(value, vk->alpha1, vk->beta2);
    open_value(w, "vk_alphabeta_12", '[');
    for (size_t i = 0; i < 12; i++) {
        if (i % 6 == 0) open_value(w, NULL, '[');
        if (i % 2 == 0) open_value(w, NULL, '[');
        put_plain(w, value + i * size, size);
        if (i % 2 == 1) close_value(w, ']');
        if (i % 6 == 5) close_value(w, ']');
    }
    close_value(w, ']');
}

char *pm_json_write_vk(const struct pm_vk *vk)
{
    struct writer w;
    if (!begin(&w)) return NULL;
    open_value(&w, NULL, '{');
    put_text(&w, "protocol", "groth16");
    put_text(&w, "curve", vk->curve->name);
    next(&w, "nPublic");
    fprintf(w.out, "%u", vk->n_public);
    put_point1(&w, "vk_alpha_1", vk->curve, vk->alpha1);
    put_point2(&w, "vk_beta_2", vk->curve, vk->beta2);
    put_point2(&w, "vk_gamma_2", vk->curve, vk->gamma2);
    put_point2(&w, "vk_delta_2", vk->curve, vk->delta2);
    put_alphabeta(&w, vk);
    open_value(&w, "IC", '[');
    for (size_t i = 0; i <= vk->n_public; i++)
        put_point1(&w, NULL, vk->curve, vk->ic + i * vk->curve->g1_bytes);
    close_value(&w, ']');
    if (vk->dev) {
        next(&w, "proofmill_development");
        fputs("true", w.out);
    }
    close_value(&w, '}');
    return finish(&w);
}
