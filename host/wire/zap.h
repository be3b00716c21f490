/* The context of libzmq and its gatekeeper: a thread that answers ZAP requests (ZeroMQ RFC 27) by an
 * allow-list of CURVE keys. Inside host/wire only; the public side is sock.h's pm_wire_new, pm_wire_allow,
 * pm_wire_free. */
#ifndef PM_WIRE_ZAP_H
#define PM_WIRE_ZAP_H

#include "wire/sock.h"

#define PM_ZAP_DOMAIN "proofmill"

void *pm_wire_context(struct pm_wire *wire); /* libzmq's */

#endif
