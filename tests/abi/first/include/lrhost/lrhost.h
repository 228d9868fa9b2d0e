/* SPDX-License-Identifier: MIT
 *
 * The lrhost plugin SDK in one include.
 */
#ifndef LRHOST_LRHOST_H
#define LRHOST_LRHOST_H

#include "abi.h"
#include "batch.h"
#include "codec.h"
#include "engine.h"
#include "error.h"
#include "host.h"
#include "model.h"
#include "monitor.h"
#include "sink.h"
#include "source.h"

#endif
