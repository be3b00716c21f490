/* The host's side of gpu.h on a CUDA device, for C programs: what GPU_FN names there are functions of
 * cuda_host.cu. Included by gpu.h alone, where GPU_HOST_OF_CUDA is defined, after the emulator's types, whose
 * streams are then pointers to CUDA's. For tests that drive the kernels' launchers themselves on a real
 * device; there are no kernels of their own in such a program, no seeds, no pinned memory and no events. */
#ifndef PM_KERNELS_GPU_CUDA_HOST_H
#define PM_KERNELS_GPU_CUDA_HOST_H

#ifndef __CUDACC__
#undef gpu_device_count
#undef gpu_device_open
#undef gpu_device_close
#undef gpu_alloc
#undef gpu_free
#undef gpu_stream_new
#undef gpu_stream_free
#undef gpu_stream_sync
#undef gpu_upload
#undef gpu_download
#undef gpu_fill
#define gpu_device_count cuda_host_device_count
#define gpu_device_open  cuda_host_device_open
#define gpu_device_close cuda_host_device_close
#define gpu_alloc        cuda_host_alloc
#define gpu_free         cuda_host_free
#define gpu_stream_new   cuda_host_stream_new
#define gpu_stream_free  cuda_host_stream_free
#define gpu_stream_sync  cuda_host_stream_sync
#define gpu_upload       cuda_host_upload
#define gpu_download     cuda_host_download
#define gpu_fill         cuda_host_fill
#endif

#ifdef __cplusplus
extern "C" {
#endif

unsigned cuda_host_device_count(void);
PM_MUST_USE enum pm_status cuda_host_device_open(struct gpu_device *out, unsigned index,
                                                 struct pm_error *err);
void cuda_host_device_close(struct gpu_device *dev);
PM_MUST_USE enum pm_status cuda_host_alloc(struct gpu_device *dev, struct gpu_buffer *out, size_t bytes,
                                           const char *label, struct pm_error *err);
void cuda_host_free(struct gpu_device *dev, struct gpu_buffer *buffer);
PM_MUST_USE enum pm_status cuda_host_stream_new(struct gpu_device *dev, gpu_stream *out,
                                                struct pm_error *err);
void cuda_host_stream_free(struct gpu_device *dev, gpu_stream *stream);
PM_MUST_USE enum pm_status cuda_host_stream_sync(struct gpu_device *dev, gpu_stream stream,
                                                 struct pm_error *err);
PM_MUST_USE enum pm_status cuda_host_upload(struct gpu_device *dev, gpu_stream stream, void *to_device,
                                            const void *from_host, size_t bytes, struct pm_error *err);
PM_MUST_USE enum pm_status cuda_host_download(struct gpu_device *dev, gpu_stream stream, void *to_host,
                                              const void *from_device, size_t bytes, struct pm_error *err);
PM_MUST_USE enum pm_status cuda_host_fill(struct gpu_device *dev, gpu_stream stream, void *to_device,
                                          uint8_t byte, size_t bytes, struct pm_error *err);

#ifdef __cplusplus
}
#endif

#endif
