/* RLP encoding into a buffer. Next: tx.c. */
#include "coordinator/chain/rlp.h"

#include "base/bytes.h"

/* The header of len bytes of payload; base 0x80 for strings, 0xc0 for lists. Returns its length, at most 9.
 */
static size_t header(uint8_t out[9], uint8_t base, size_t len)
{
    if (len <= 55) {
        out[0] = (uint8_t)(base + len);
        return 1;
    }
    size_t n = 0;
    for (size_t v = len; v; v >>= 8) n++;
    out[0] = (uint8_t)(base + 55 + n);
    for (size_t i = 0; i < n; i++) out[1 + i] = (uint8_t)(len >> 8 * (n - 1 - i));
    return 1 + n;
}

void pm_rlp_bytes(struct pm_buf *out, const uint8_t *bytes, size_t len)
{
    uint8_t head[9];
    if (len != 1 || bytes[0] >= 0x80) pm_buf_add(out, head, header(head, 0x80, len));
    pm_buf_add(out, bytes, len);
}

void pm_rlp_uint(struct pm_buf *out, const uint8_t *big_endian, size_t len)
{
    while (len && big_endian[0] == 0) {
        big_endian++;
        len--;
    }
    pm_rlp_bytes(out, big_endian, len);
}

void pm_rlp_u64(struct pm_buf *out, uint64_t value)
{
    uint8_t bytes[8];
    pm_store_be64(bytes, value);
    pm_rlp_uint(out, bytes, 8);
}

void pm_rlp_list(struct pm_buf *out, size_t start)
{
    uint8_t head[9];
    if (start > out->len) out->failed = true;
    if (out->failed) return;
    size_t n = header(head, 0xc0, out->len - start);
    pm_buf_insert(out, start, head, n);
}
