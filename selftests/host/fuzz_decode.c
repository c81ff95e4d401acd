// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer target: whatever the bytes are, the decoder stays inside them and
 * what it says holds together. The first byte picks mode and vendor.
 */
#include <stdlib.h>

#include "arch/x86/emulate/decode.h"
#include "host_types.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check_operands(const struct nacre_insn *insn)
{
	require(insn->base >= -1 && insn->base < 16);
	require(insn->index >= -1 && insn->index < 32);
	require(insn->reg < 32 && insn->rm < 32 && insn->vvvv < 32);
	require(insn->scale == 1 || insn->scale == 2 || insn->scale == 4 ||
		insn->scale == 8);
	require(insn->segment >= -1 && insn->segment < 6);
	require(insn->map < NACRE_NR_MAPS);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const u8 modes[] = { 16, 32, 64, 64 };
	enum nacre_decode_result result;
	struct nacre_insn insn;
	u8 mode;

	if (!size)
		return 0;
	mode = modes[data[0] & 3];
	result = nacre_decode(data + 1, size - 1, mode, data[0] >> 2 & 1,
			      &insn);
	require(insn.length <= NACRE_MAX_INSN && insn.length <= size - 1);
	check_operands(&insn);
	if (result == NACRE_DECODE_MORE)
		require(size - 1 < NACRE_MAX_INSN);
	if (result == NACRE_DECODE_OK)
		require(insn.length && insn.immediate_size +
			insn.displacement_size < insn.length);
	return 0;
}
