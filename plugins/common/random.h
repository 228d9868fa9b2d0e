/* SPDX-License-Identifier: MIT
 *
 * Random numbers that are the same, bit for bit, on every machine.
 *
 * The generator is SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
 * Generators, OOPSLA 2014; the finalizer is David Stafford's variant 13, as in Blackman and
 * Vigna's seeding of xoshiro). Its state is a counter, so draw number c of a sequence costs
 * one addition and one mix wherever c is: lanes can share one sequence without a jump table.
 *
 * Everything below uses integers and + - * / sqrt on doubles only. IEEE 754 rounds those in
 * one way; the last bit of a C library's log, exp or cos differs between versions and
 * processors. Not for secrets.
 */
#ifndef PLUGINS_COMMON_RANDOM_H
#define PLUGINS_COMMON_RANDOM_H

#include <float.h>
#include <stdint.h>

_Static_assert(FLT_EVAL_METHOD == 0, "doubles must be rounded at every step");

#define RANDOM_GAMMA UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio, odd */

/* The finalizer: a bijection of 64 bits in which every input bit moves every output bit. */
static inline uint64_t random_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Where the sequence `domain` of a seed begins. Sequences are pieces of one cycle of 2^64
 * draws that begin at unrelated places. */
static inline uint64_t random_origin(uint64_t seed, uint64_t domain)
{
    return random_mix(random_mix(seed + RANDOM_GAMMA) + domain * RANDOM_GAMMA);
}

/* Draw number `counter` of a sequence. */
static inline uint64_t random_at(uint64_t origin, uint64_t counter)
{
    return random_mix(origin + (counter + 1) * RANDOM_GAMMA);
}

/* The draw after `*state`, for code that does not know beforehand how many it needs. */
static inline uint64_t random_next(uint64_t *state)
{
    return random_mix(*state += RANDOM_GAMMA);
}

/* A draw as a double: [0, 1) in steps of 2^-53. */
static inline double random_unit(uint64_t draw)
{
    return (double)(int64_t)(draw >> 11) * 0x1p-53;
}

/* The same inside (-1, 1): symmetric, never 0, -1 or 1. */
static inline double random_signed(uint64_t draw)
{
    return ((double)(int64_t)(draw >> 12) + 0.5) * 0x1p-51 - 1.0;
}

/* Natural logarithm of a positive normal number, within 1e-15 relative. */
double random_log(double x);
/* e^-t for t in 0 .. 700, the same. */
double random_exp_minus(double t);

/* The ziggurat for the standard normal distribution: 256 layers of equal area (Marsaglia and
 * Tsang: The Ziggurat Method for Generating Random Variables, JSS 5(8), 2000). */
#define ZIGGURAT_LAYERS 256
struct ziggurat {
    double x[ZIGGURAT_LAYERS + 1]; /* right edge of layer i; x[256] = 0 */
    double f[ZIGGURAT_LAYERS + 1]; /* exp(-x[i]^2 / 2) */
};

void ziggurat_init(struct ziggurat *ziggurat);
/* A standard normal number from `draw`, and from the draws that follow from it where the
 * first one is refused (about 1 in 100). At most 14 away from 0. */
double ziggurat_gaussian(const struct ziggurat *ziggurat, uint64_t draw);

#endif
