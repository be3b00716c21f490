/* The join string: how an operator tells a worker which pool to join, and whom to believe there.
 * Nothing is resolved or connected here. Next: sock.c connects, identity.c signs the login. */
#include "base/bytes.h"
#include "wire/identity.h"

#include <stdio.h>
#include <string.h>

static const char scheme[] = "proofmill://";

bool pm_host_is_plain(const char *host)
{
    size_t len = strlen(host);
    if (len == 0 || len > 255) return false;
    bool v6 = strchr(host, ':') != NULL;
    const char *allowed =
        v6 ? "0123456789abcdefABCDEF:." : "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_";
    return strspn(host, allowed) == len && host[0] != '-' && host[0] != '.';
}

/* Splits "host:port" or "[v6]:port". */
static bool split(struct pm_join *out, const char *text)
{
    const char *begin = text, *end, *colon;
    if (text[0] == '[') {
        begin = text + 1;
        end = strchr(begin, ']');
        if (!end) return false;
        colon = end + 1;
    } else {
        end = colon = strrchr(text, ':');
        if (!end || memchr(text, ':', (size_t)(end - text))) return false;
    }
    size_t len = (size_t)(end - begin);
    if (*colon != ':' || len == 0 || len >= sizeof out->host) return false;
    memcpy(out->host, begin, len);
    out->host[len] = 0;
    if ((text[0] == '[') != (strchr(out->host, ':') != NULL)) return false;

    const char *digits = colon + 1;
    size_t n = strlen(digits);
    if (n == 0 || n > 5 || strspn(digits, "0123456789") != n) return false;
    out->port = 0;
    for (size_t i = 0; i < n; i++) out->port = 10 * out->port + (unsigned)(digits[i] - '0');
    return out->port >= 1 && out->port <= 65535;
}

enum pm_status pm_join_parse(struct pm_join *out, const char *text, struct pm_error *err)
{
    static const char form[] = "proofmill://SERVERKEY@host:port, where SERVERKEY is 64 hex digits";
    memset(out, 0, sizeof *out);
    size_t prefix = sizeof scheme - 1;
    if (strncmp(text, scheme, prefix) != 0)
        return pm_fail(err, PM_USAGE, "join string: expected %s, found \"%.80s\"", form, text);
    const char *key = text + prefix, *at = strchr(key, '@');
    if (!at || at - key != 64)
        return pm_fail(err, PM_USAGE, "join string: expected %s, found a key of %d characters", form,
                       at ? (int)(at - key) : (int)strnlen(key, 1000));
    char hex[65];
    memcpy(hex, key, 64);
    hex[64] = 0;
    if (hex[1] == 'x' || !pm_hex_decode(out->server_public, 32, hex))
        return pm_fail(err, PM_USAGE, "join string: expected %s, found other characters in the key", form);
    if (!split(out, at + 1) || !pm_host_is_plain(out->host))
        return pm_fail(err, PM_USAGE,
                       "join string: expected host:port or [IPv6]:port after the key, found \"%.80s\"",
                       at + 1);
    return PM_OK;
}

void pm_join_format(char *out_text, const struct pm_join *join)
{
    char key[65];
    bool v6 = strchr(join->host, ':') != NULL;
    pm_hex_encode(key, join->server_public, 32);
    snprintf(out_text, 360, "%s%s@%s%s%s:%u", scheme, key, v6 ? "[" : "", join->host, v6 ? "]" : "",
             join->port);
}
