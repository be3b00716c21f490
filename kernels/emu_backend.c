/* The backend "emu": the GPU's, whole, on the emulated device. For tests: it is slow, and not trusted. */
#include "prove/backend.h"

#include "kernels/gpu.h"

#include <stdio.h>
#include <stdlib.h>

static enum pm_status backend_describe(struct pm_backend_device *out, unsigned index, struct pm_error *err)
{
    struct gpu_device dev;
    PM_TRY(gpu_device_open(&dev, index, err));
    (void)snprintf(out->text, sizeof out->text, "%.100s, %zu MiB", dev.name, dev.memory_bytes >> 20);
    out->memory_bytes = dev.memory_bytes;
    out->free_bytes = 0; /* each that opens it has a device of its own */
    gpu_device_close(&dev);
    return PM_OK;
}

/* Nothing, as every device here is alone, but what a test says. */
static enum pm_status emu_reserve(size_t *out, const struct gpu_device *dev, struct pm_error *err)
{
    const char *text = getenv("PROOFMILL_EMU_RESERVE");
    (void)dev;
    (void)err;
    *out = text ? (size_t)strtoull(text, NULL, 10) : 0;
    return PM_OK;
}

#define BACKEND         pm_backend_emu
#define BACKEND_NAME    "emu"
#define BACKEND_CONTEXT 0
#define BACKEND_RESERVE emu_reserve
#define BACKEND_SHARED  false
#define BACKEND_STAGE   ((size_t)1 << 14) /* small, so that tests pass through many */
#define BACKEND_FIND    NULL
#include "kernels/backend_gpu.h"
