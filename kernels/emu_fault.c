/* The emulated device in bad health, for tests: lost from some operation on, as a card that falls off the
 * bus, or wrong in one bit of what it gives back. There is one such device in a process, whoever opens it how
 * often, so its state is the process's. What follows from a fault is the backend's business and the prover's.
 */
#include "kernels/emu_inner.h"

#include <stdlib.h>
#include <string.h>

/* Of the device: written by emu_set_faults and when a device is first opened, counted by all threads. */
static struct emu_faults faults;
static struct emu_fault_counts counts;
static unsigned told; /* where the faults come from: 0 nobody said, 1 said */

static void set(const struct emu_faults *from)
{
    faults = *from;
    __atomic_store_n(&counts.operations, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&counts.downloads, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&counts.secrets, 0, __ATOMIC_RELAXED);
}

void emu_set_faults(const struct emu_faults *from)
{
    static const struct emu_faults none;
    __atomic_store_n(&told, 1, __ATOMIC_RELEASE);
    set(from ? from : &none);
}

struct emu_fault_counts emu_fault_counts(void)
{
    return (struct emu_fault_counts){__atomic_load_n(&counts.operations, __ATOMIC_RELAXED),
                                     __atomic_load_n(&counts.downloads, __ATOMIC_RELAXED),
                                     __atomic_load_n(&counts.secrets, __ATOMIC_RELAXED)};
}

static uint64_t number(const char *name)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : 0;
}

void emu_faults_of_environment(void)
{
    if (__atomic_exchange_n(&told, 1, __ATOMIC_ACQ_REL) != 0) return;
    const struct emu_faults from = {.fail_from = number("PROOFMILL_EMU_FAIL_FROM"),
                                    .flip_download = number("PROOFMILL_EMU_FLIP_DOWNLOAD"),
                                    .flip_bit = number("PROOFMILL_EMU_FLIP_BIT")};
    set(&from);
}

bool emu_is_lost(void)
{
    return faults.fail_from != 0 && __atomic_load_n(&counts.operations, __ATOMIC_RELAXED) >= faults.fail_from;
}

enum pm_status emu_operation(const char *what, struct pm_error *err)
{
    const uint64_t now = __atomic_add_fetch(&counts.operations, 1, __ATOMIC_RELAXED);
    if (faults.fail_from == 0 || now < faults.fail_from) return PM_OK;
    return pm_fail(err, PM_DEVICE, "%s: the emulated device is lost (operation %llu)", what,
                   (unsigned long long)now);
}

void emu_downloaded(void *bytes, size_t n)
{
    const uint64_t now = __atomic_add_fetch(&counts.downloads, 1, __ATOMIC_RELAXED);
    if (n == 0 || now != faults.flip_download) return;
    const uint64_t bit = faults.flip_bit % (8 * (uint64_t)n);
    ((uint8_t *)bytes)[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

void emu_own_fault(const char *file, int line, const char *text)
{
    const uint64_t downloads = __atomic_load_n(&counts.downloads, __ATOMIC_RELAXED);
    if (faults.flip_download == 0 || downloads < faults.flip_download) emu_die("%s:%d: %s", file, line, text);
}

void emu_freed(const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    const size_t len = faults.secret_bytes;
    for (size_t at = 0; len > 0 && at + len <= n; at += 4)
        if (memcmp(p + at, faults.secret, len) == 0) __atomic_add_fetch(&counts.secrets, 1, __ATOMIC_RELAXED);
}
