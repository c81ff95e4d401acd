// SPDX-License-Identifier: GPL-2.0
/* The random stream (splitmix64) and the values that find limits. */
#include "abi_diff.h"

static uint64_t scramble(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

uint64_t rng_next(struct rng *r)
{
	r->state += 0x9e3779b97f4a7c15ULL;
	return scramble(r->state);
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
	return rng_next(r) % n;
}

bool rng_chance(struct rng *r, unsigned int percent)
{
	return rng_below(r, 100) < percent;
}

uint64_t rng_mix(uint64_t a, uint64_t b)
{
	return scramble(scramble(a + 0x9e3779b97f4a7c15ULL) ^ b);
}

static const uint64_t edges[] = {
	0, 1, 2, 3, 4, 7, 8, 15, 16, 23, 24, 31, 32, 63, 64, 127, 128,
	0xff, 0x100, 0xfff, 0x1000, 0x1001, 0x7fff, 0x8000, 0xffff, 0x10000,
	0xfffff, 0x100000, 0x1fffff, 0x200000, 0x7fffffff, 0x80000000,
	0xfffff000, 0xffffffff, 0x100000000, 0xfee00000, 0xfec00000,
	0x7ffffffff000, 0x7fffffffffff, 0x800000000000,
	0xffff7fffffffffff, 0xffff800000000000, 0x8000000000000,
	0xffffffffff000, 0xfffffffffffff, 0x10000000000000,
	0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffff000,
	0xfffffffffffffffe, 0xffffffffffffffff,
};

uint64_t rng_edge(struct rng *r)
{
	switch (rng_below(r, 8)) {
	case 0:
		return 1ULL << rng_below(r, 64);
	case 1:
		return ~0ULL << rng_below(r, 64);
	case 2:
		return rng_next(r);
	case 3:
		return rng_next(r) & 0xffff;
	case 4:
		return -(uint64_t)rng_pick(r, edges);
	default:
		return rng_pick(r, edges);
	}
}
