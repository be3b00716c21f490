/* The host's side of the seam as functions that C programs can link: gpu_cuda_host.h. */
#include "kernels/gpu.h"

#include "kernels/gpu_cuda_host.h"

unsigned cuda_host_device_count(void) { return cuda_device_count(); }
enum pm_status cuda_host_device_open(struct gpu_device *out, unsigned index, struct pm_error *err)
{
    return cuda_device_open(out, index, err);
}
void cuda_host_device_close(struct gpu_device *dev) { cuda_device_close(dev); }

enum pm_status cuda_host_alloc(struct gpu_device *dev, struct gpu_buffer *out, size_t bytes,
                               const char *label, struct pm_error *err)
{
    return cuda_alloc(dev, out, bytes, label, err);
}
void cuda_host_free(struct gpu_device *dev, struct gpu_buffer *buffer) { cuda_free(dev, buffer); }

enum pm_status cuda_host_stream_new(struct gpu_device *dev, gpu_stream *out, struct pm_error *err)
{
    return cuda_stream_new(dev, out, err);
}
void cuda_host_stream_free(struct gpu_device *dev, gpu_stream *stream) { cuda_stream_free(dev, stream); }
enum pm_status cuda_host_stream_sync(struct gpu_device *dev, gpu_stream stream, struct pm_error *err)
{
    return cuda_stream_sync(dev, stream, err);
}

enum pm_status cuda_host_upload(struct gpu_device *dev, gpu_stream stream, void *to_device,
                                const void *from_host, size_t bytes, struct pm_error *err)
{
    return cuda_upload(dev, stream, to_device, from_host, bytes, err);
}
enum pm_status cuda_host_download(struct gpu_device *dev, gpu_stream stream, void *to_host,
                                  const void *from_device, size_t bytes, struct pm_error *err)
{
    return cuda_download(dev, stream, to_host, from_device, bytes, err);
}
enum pm_status cuda_host_fill(struct gpu_device *dev, gpu_stream stream, void *to_device, uint8_t byte,
                              size_t bytes, struct pm_error *err)
{
    return cuda_fill(dev, stream, to_device, byte, bytes, err);
}
