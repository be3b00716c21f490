/* For tests of kernels: a device with one stream, the emulated one or, with GPU_HOST_OF_CUDA, CUDA's number 0
 * (skipped where there is none); and expected deaths in a forked child. */
#ifndef PM_TEST_EMU_WORLD_H
#define PM_TEST_EMU_WORLD_H

#include "kernels/gpu.h"
#include "test.h"

#include <sys/wait.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WORLD_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define WORLD_TSAN 1
#endif
#endif
#if !defined(WORLD_ASAN) && defined(__SANITIZE_ADDRESS__)
#define WORLD_ASAN 1
#endif
#if !defined(WORLD_TSAN) && defined(__SANITIZE_THREAD__)
#define WORLD_TSAN 1
#endif
#ifndef WORLD_ASAN
#define WORLD_ASAN 0
#endif
#ifndef WORLD_TSAN
#define WORLD_TSAN 0
#endif

#ifdef GPU_HOST_OF_CUDA
enum { WORLD_CUDA = 1 };
__attribute__((constructor(101))) static void skip_without_cuda(void)
{
    if (gpu_device_count() > 0) return;
    fprintf(stderr, "skipped: there is no CUDA device here\n");
    exit(77);
}
#else
enum { WORLD_CUDA = 0 };
#endif

struct world {
    struct gpu_device dev;
    gpu_stream stream;
    struct pm_error err;
};

__attribute__((unused)) static void world_open(struct world *w, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    CHECK_OK(gpu_device_open(&w->dev, 0, &w->err), w->err);
#ifdef GPU_HOST_OF_CUDA
    (void)seed;
#else
    emu_device_seed(&w->dev, seed);
#endif
    CHECK_OK(gpu_stream_new(&w->dev, &w->stream, &w->err), w->err);
}

__attribute__((unused)) static void world_close(struct world *w)
{
    CHECK_OK(gpu_stream_sync(&w->dev, w->stream, &w->err), w->err);
    gpu_stream_free(&w->dev, &w->stream);
    gpu_device_close(&w->dev);
}

/* A device buffer with these bytes (or as it comes, from NULL). */
__attribute__((unused)) static struct gpu_buffer world_put(struct world *w, const void *bytes, size_t n)
{
    struct gpu_buffer b;
    CHECK_OK(gpu_alloc(&w->dev, &b, n, "test", &w->err), w->err);
    if (bytes) {
        CHECK_OK(gpu_upload(&w->dev, w->stream, b.ptr, bytes, n, &w->err), w->err);
        CHECK_OK(gpu_stream_sync(&w->dev, w->stream, &w->err), w->err);
    }
    return b;
}

__attribute__((unused)) static void world_get(struct world *w, void *out, const struct gpu_buffer *b,
                                              size_t n)
{
    CHECK_OK(gpu_download(&w->dev, w->stream, out, b->ptr, n, &w->err), w->err);
    CHECK_OK(gpu_stream_sync(&w->dev, w->stream, &w->err), w->err);
}

/* Runs f(argument) in a child, which must die and say `text` (one of two, where `other` is not NULL). */
__attribute__((unused)) static void expect_death(void (*f)(uint64_t), uint64_t argument, const char *text,
                                                 const char *other)
{
    static char said[65536];
    size_t n = 0;
    int ends[2], status = 0;
    fflush(NULL);
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 2);
        close(ends[0]);
        close(ends[1]);
        f(argument);
        exit(0);
    }
    close(ends[1]);
    for (ssize_t got; n + 1 < sizeof said && (got = read(ends[0], said + n, sizeof said - 1 - n)) > 0;)
        n += (size_t)got;
    said[n] = 0;
    close(ends[0]);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_MSG(status != 0, "it lived, expected \"%s\"", text);
    CHECK_MSG(strstr(said, text) || (other && strstr(said, other)), "expected \"%s\", it said: %.1500s", text,
              said);
}

#endif
