/* Buffers of the emulated device and pinned host memory. A freed buffer's addresses are kept back, so that
 * work queued too late for it is recognised; its bytes, and those behind every live buffer, are poisoned for
 * AddressSanitizer and filled with a pattern for everybody else. */
#include "kernels/emu_inner.h"

#include <stdlib.h>
#include <string.h>

#if EMU_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   __asan_poison_memory_region(p, n)
#define UNPOISON(p, n) __asan_unpoison_memory_region(p, n)
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

enum { ALIGN = 256, GUARD = 256, GUARD_BYTE = 0x6b, FRESH_BYTE = 0xa7, FREED_BYTE = 0xdd, FENCE_BYTE = 0x5c };
enum { KEEP_BYTES = 64 << 20 }; /* of freed buffers */

static enum pm_status allocate(struct emu *emu, struct gpu_buffer *out, size_t bytes, const char *label,
                               bool on_device, struct pm_error *err)
{
    *out = (struct gpu_buffer){0};
    if (bytes == 0) return PM_OK;
    struct emu_allocation *a = malloc(sizeof *a);
    size_t whole = (bytes + ALIGN - 1) / ALIGN * ALIGN + GUARD;
    void *p = NULL;
    if (!a || whole < bytes || posix_memalign(&p, ALIGN, whole) != 0) {
        free(a);
        return pm_fail(err, PM_NO_MEMORY, "%s: %zu bytes cannot be had for the emulated device", label,
                       bytes);
    }
    memset(p, FRESH_BYTE, bytes);
    memset((uint8_t *)p + bytes, GUARD_BYTE, whole - bytes);
    POISON((uint8_t *)p + bytes, whole - bytes);
    *a = (struct emu_allocation){p, bytes, whole, label, on_device, true, emu->allocations};
    emu->allocations = a;
    *out = (struct gpu_buffer){p, bytes};
    return PM_OK;
}

enum pm_status emu_alloc(struct gpu_device *dev, struct gpu_buffer *out, size_t bytes, const char *label,
                         struct pm_error *err)
{
    *out = (struct gpu_buffer){0};
    if (bytes > dev->budget_bytes || dev->used_bytes > dev->budget_bytes - bytes)
        return pm_fail(err, PM_NO_MEMORY, "%s needs %zu bytes of device memory: %zu of %zu are in use", label,
                       bytes, dev->used_bytes, dev->budget_bytes);
    if (bytes) PM_TRY(emu_operation(label, err));
    PM_TRY(allocate(dev->impl, out, bytes, label, true, err));
    dev->used_bytes += bytes;
    if (dev->used_bytes > dev->peak_bytes) dev->peak_bytes = dev->used_bytes;
    return PM_OK;
}

enum pm_status emu_pin_alloc(struct gpu_device *dev, struct gpu_buffer *out, size_t bytes, const char *label,
                             struct pm_error *err)
{
    *out = (struct gpu_buffer){0};
    if (bytes) PM_TRY(emu_operation(label, err));
    return allocate(dev->impl, out, bytes, label, false, err);
}

static void check_guard(const struct emu_allocation *a)
{
    UNPOISON(a->base + a->bytes, a->whole_bytes - a->bytes);
    for (size_t i = a->bytes; i < a->whole_bytes; i++)
        if (a->base[i] != GUARD_BYTE)
            emu_die("something wrote past the %zu bytes of buffer %s, at %zu", a->bytes, a->label, i);
}

/* -- Fences -- */

static const struct emu_allocation *find(const struct emu *emu, uintptr_t p);

void emu_fence_up(struct emu *emu, void *p, size_t bytes)
{
    if (emu->fences == EMU_FENCES) emu_die("more than %d fences", (int)EMU_FENCES);
    emu->fence[emu->fences++] = (struct emu_fence){p, bytes};
    memset(p, FENCE_BYTE, bytes);
    POISON(p, bytes);
}

static void check_fence(const struct emu *emu, const struct emu_fence *f, const char *who)
{
    UNPOISON(f->at, f->bytes);
    for (size_t i = 0; i < f->bytes; i++) {
        if (f->at[i] == FENCE_BYTE) continue;
        const struct emu_allocation *a = find(emu, (uintptr_t)f->at);
        emu_die("%s wrote between two pieces of buffer %s, at byte %zu", who, a->label,
                (size_t)(f->at - a->base) + i);
    }
    POISON(f->at, f->bytes);
}

void emu_check_fences(const struct emu *emu, const char *who)
{
    for (unsigned i = 0; i < emu->fences; i++) check_fence(emu, &emu->fence[i], who);
}

void emu_fences_down(struct emu *emu, const void *p, size_t bytes)
{
    unsigned left = 0;
    for (unsigned i = 0; i < emu->fences; i++) {
        const struct emu_fence f = emu->fence[i];
        if ((uintptr_t)f.at >= (uintptr_t)p && (uintptr_t)f.at - (uintptr_t)p < bytes) {
            check_fence(emu, &f, "something");
            UNPOISON(f.at, f.bytes);
        } else {
            emu->fence[left++] = f;
        }
    }
    emu->fences = left;
}

bool emu_is_buffer(const struct emu *emu, const void *p, size_t bytes)
{
    const struct emu_allocation *a = find(emu, (uintptr_t)p);
    return a && a->base == p && a->bytes == bytes;
}

/* Gives the addresses of the oldest freed buffers back, down to what is kept. */
static void forget_old(struct emu *emu)
{
    while (emu->freed_bytes > KEEP_BYTES) {
        struct emu_allocation **oldest = NULL;
        for (struct emu_allocation **at = &emu->allocations; *at; at = &(*at)->next)
            if (!(*at)->live) oldest = at;
        struct emu_allocation *a = *oldest;
        *oldest = a->next;
        emu->freed_bytes -= a->whole_bytes;
        UNPOISON(a->base, a->whole_bytes);
        free(a->base);
        free(a);
    }
}

static void release(struct emu *emu, struct gpu_buffer *buffer, bool on_device)
{
    struct emu_allocation *a = emu->allocations;
    while (a && a->base != buffer->ptr) a = a->next;
    if (!a) emu_die("freeing %p, which is no buffer", buffer->ptr);
    if (!a->live) emu_die("freeing buffer %s twice", a->label);
    if (a->on_device != on_device) emu_die("freeing buffer %s as if it were elsewhere", a->label);
    check_guard(a);
    emu_fences_down(emu, a->base, a->bytes);
    a->live = false;
    if (!on_device || !emu_is_lost()) emu_freed(a->base, a->bytes); /* nobody can wipe what is lost */
    memset(a->base, FREED_BYTE, a->whole_bytes);
    POISON(a->base, a->whole_bytes);
    emu->freed_bytes += a->whole_bytes;
    forget_old(emu);
    *buffer = (struct gpu_buffer){0};
}

void emu_free(struct gpu_device *dev, struct gpu_buffer *buffer)
{
    if (!buffer->ptr) return;
    dev->used_bytes -= buffer->bytes;
    release(dev->impl, buffer, true);
}

void emu_pin_free(struct gpu_device *dev, struct gpu_buffer *buffer)
{
    if (buffer->ptr) release(dev->impl, buffer, false);
}

/* -- Checks -- */

static const struct emu_allocation *find(const struct emu *emu, uintptr_t p)
{
    const struct emu_allocation *a = emu->allocations;
    while (a && (p < (uintptr_t)a->base || p >= (uintptr_t)a->base + a->whole_bytes)) a = a->next;
    return a;
}

void emu_check_device_range(const struct emu *emu, const void *p, size_t bytes, const char *what)
{
    const struct emu_allocation *a = find(emu, (uintptr_t)p);
    if (!a || !a->on_device) emu_die("%s at %p: that is no device memory", what, p);
    if (!a->live) emu_die("%s: buffer %s was freed too early", what, a->label);
    size_t at = (size_t)((uintptr_t)p - (uintptr_t)a->base);
    if (at > a->bytes || bytes > a->bytes - at)
        emu_die("%s: bytes %zu to %zu of buffer %s, which has %zu", what, at, at + bytes, a->label, a->bytes);
}

void emu_check_host_range(const struct emu *emu, const void *p, size_t bytes, const char *what)
{
    const struct emu_allocation *a = find(emu, (uintptr_t)p);
    (void)bytes;
    if (!a) return;
    if (a->on_device) emu_die("%s: buffer %s is device memory, not the host's", what, a->label);
    if (!a->live) emu_die("%s: pinned memory %s was freed too early", what, a->label);
}

void emu_check_args(const struct emu *emu, const struct emu_launch *launch)
{
    const uint8_t *args = launch->args;
    for (size_t at = 0; at + sizeof(uintptr_t) <= launch->kernel->args_bytes; at += sizeof(uintptr_t)) {
        uintptr_t word;
        memcpy(&word, args + at, sizeof word);
        const struct emu_allocation *a = find(emu, word);
        if (!a) continue;
        if (!a->live)
            emu_die("kernel %s runs after its buffer %s was freed: freed too early", launch->kernel->name,
                    a->label);
        if (!a->on_device) emu_die("kernel %s gets pinned host memory %s", launch->kernel->name, a->label);
    }
}

void emu_memory_close(struct emu *emu)
{
    for (const struct emu_allocation *a = emu->allocations; a; a = a->next)
        if (a->live) emu_die("leak: buffer %s of %zu bytes was not freed", a->label, a->bytes);
    while (emu->allocations) {
        struct emu_allocation *a = emu->allocations;
        emu->allocations = a->next;
        UNPOISON(a->base, a->whole_bytes);
        free(a->base);
        free(a);
    }
}
