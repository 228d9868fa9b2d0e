/* SPDX-License-Identifier: MIT
 *
 * System calls of a plugin under test that fail, or are the last, when told to. The test program
 * exports functions of these names, so a module that it loads calls them instead of the C
 * library's.
 */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

#include <stdint.h>

#define FAULT_WRITE 1u /* write, pwrite */
#define FAULT_SYNC 2u  /* fdatasync, fsync */
#define FAULT_NAME 4u  /* rename, unlink, unlinkat, renameat */
#define FAULT_CUT 8u   /* ftruncate */
#define FAULT_OPEN 16u /* open with O_CREAT */
#define FAULT_ALL 31u
#define FAULT_SHORT 32u /* and the write before the first one that fails is a short one */

#define FAULT_EXIT 42 /* the code of a process that died of it */

/* From now on the `nth` call (0: the next) of one of `kinds` fails with `error`, and so do `more`
 * after it. */
void faults_arm(uint32_t kinds, uint32_t nth, uint32_t more, int error);
/* The process ends at the `nth` call, before it (or, with `after`, behind it). */
void faults_die(uint32_t kinds, uint32_t nth, int after);
/* No more failures; returns how many there were. */
uint32_t faults_disarm(void);
/* Calls of `kinds` since faults_arm. */
uint32_t faults_calls(void);

#endif
