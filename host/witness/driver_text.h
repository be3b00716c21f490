/* Internal to witness/: the sources in driver/ as text, for the compiler. Made by CMakeLists.txt. */
#ifndef PM_WITNESS_DRIVER_TEXT_H
#define PM_WITNESS_DRIVER_TEXT_H

#include <stddef.h>

extern const unsigned char pm_driver_c[], pm_driver_protocol_h[];
extern const size_t pm_driver_c_len, pm_driver_protocol_h_len;

#endif
