/* SPDX-License-Identifier: MIT
 *
 * For the analyzer alone (see .clang-tidy): it cannot look into a function with "...", so it
 * would believe that lr_fail may return LR_OK, and report what only happens then.
 */
#include <lrhost/error.h>
#define lr_fail(err, status, ...) ((void)lr_fail(err, status, __VA_ARGS__), (status))
