/* The backend of prove/backend.h on a device, once: emu_backend.c makes "emu" of it, cuda_backend.cu "cuda".
 * How memory is laid out is backend_plan.h's, kernels and sums are gpu_curve.h's; backend_key.h holds keys,
 * backend_work.h workspaces, backend_prove.h a proof, backend_parts.h sums and transforms alone,
 * backend_time.h the same and more under the clock.
 *
 * Every loaded key and every workspace has a struct gpu_device of its own, so that workspaces may run in
 * threads of their own; on CUDA these are one device.
 *
 * Parameters
 *   BACKEND           name of the struct pm_backend, declared in prove/backend.h
 *   BACKEND_NAME      "emu"
 *   BACKEND_CONTEXT   bytes of a device's memory that the driver takes for itself before anything is free
 *   BACKEND_RESERVE   f(size_t *out, dev, err): bytes of what is free then that are left alone
 *   BACKEND_SHARED    whether all that open a device share its memory
 *   BACKEND_STAGE     bytes of pinned memory, twice, through which a key is uploaded
 *   BACKEND_FIND      its `find`, or NULL
 * and before: static enum pm_status backend_describe(out, index, err), as pm_backend's. */
#include "kernels/backend_plan.h"

#ifdef __cplusplus
extern "C" {
#endif
#include "base/bytes.h"
#include "base/clock.h"
#ifdef __cplusplus
}
#endif

#include <stdlib.h>
#include <string.h>

#include "kernels/backend_key.h"
#include "kernels/backend_work.h"
#include "kernels/backend_prove.h"
#include "kernels/backend_parts.h"
#include "kernels/backend_time.h"

#ifdef __cplusplus
extern "C" {
#endif
const struct pm_backend BACKEND = {
    BACKEND_NAME, false,          gpu_device_count, backend_describe, backend_plan,
    backend_load, backend_unload, backend_open,     backend_close,    backend_prove,
    backend_msm,  backend_ntt,    BACKEND_FIND,     backend_time,
};
#ifdef __cplusplus
}
#endif

#undef BACKEND
#undef BACKEND_NAME
#undef BACKEND_CONTEXT
#undef BACKEND_RESERVE
#undef BACKEND_SHARED
#undef BACKEND_STAGE
#undef BACKEND_FIND
