/* Constraints as circom 2 writes them (.r1cs, version 1): 1 header, 2 constraints, 3 wire to label; circom
 * may write the constraints before the header. Values are plain. Custom gates (sections 4, 5) are refused as
 * unsupported: Groth16 has none. Next: prove/setup.c makes a development key from it. */
#ifndef PM_FILE_R1CS_H
#define PM_FILE_R1CS_H

#include "file/binfile.h"
#include "math/curve.h"

struct pm_r1cs {
    struct pm_binfile file;
    const struct pm_curve *curve;
    uint32_t n_vars, n_outputs, n_public_inputs, n_private_inputs, n_constraints;
    uint64_t n_labels;
    const struct pm_section *constraints;
};

/* Opening walks the whole file once: every linear combination ends inside its section, every wire is below
 * n_vars, every coefficient canonical. */
PM_MUST_USE enum pm_status pm_r1cs_open(struct pm_r1cs *out, const char *path, struct pm_error *err);
PM_MUST_USE enum pm_status pm_r1cs_view(struct pm_r1cs *out, const char *name, const uint8_t *data,
                                        uint64_t size_bytes, struct pm_error *err);
void pm_r1cs_close(struct pm_r1cs *r1cs);

/* One linear combination: n terms of {wire u32, coefficient fr_bytes}, as they stand in the file. */
struct pm_lc {
    uint32_t n_terms;
    const uint8_t *terms;
};
/* Walks the constraints in order: start with *at = 0, call n_constraints times. The file was checked on
 * opening, so this cannot fail. lc: A, B, C. */
void pm_r1cs_next(const struct pm_r1cs *r1cs, uint64_t *at, struct pm_lc lc[3]);

/* Says that these bytes of the constraints, from one value of *at to another, were read: their pages leave
 * this process's memory, and come back from the file if they are read again. */
void pm_r1cs_release(const struct pm_r1cs *r1cs, uint64_t from, uint64_t to);

/* Writes an .r1cs with all-private inputs, for synthetic circuits of benchmarks and tests, constraint by
 * constraint: new, put as often as needed, finish (pm_binwriter's rules hold). What is put is checked as on
 * opening: n whole constraints, in the bytes of section 2. PM_FORMAT for anything else, and on finish unless
 * n_constraints were put. */
struct pm_r1cs_writer;
PM_MUST_USE enum pm_status pm_r1cs_writer_new(struct pm_r1cs_writer **out, const char *path,
                                              const struct pm_curve *curve, uint32_t n_vars,
                                              uint32_t n_outputs, uint32_t n_public_inputs,
                                              uint32_t n_constraints, struct pm_error *err);
PM_MUST_USE enum pm_status pm_r1cs_writer_put(struct pm_r1cs_writer *w, const uint8_t *constraints,
                                              uint64_t size_bytes, uint32_t n, struct pm_error *err);
PM_MUST_USE enum pm_status pm_r1cs_writer_finish(struct pm_r1cs_writer *w, struct pm_error *err);
void pm_r1cs_writer_free(struct pm_r1cs_writer **w);

/* The same at once. */
PM_MUST_USE enum pm_status pm_r1cs_write(const char *path, const struct pm_curve *curve, uint32_t n_vars,
                                         uint32_t n_outputs, uint32_t n_public_inputs, uint32_t n_constraints,
                                         const uint8_t *constraints, uint64_t size_bytes,
                                         struct pm_error *err);

#endif
