// SPDX-License-Identifier: GPL-2.0
/*
 * Moves between memory and the vector registers, legacy and VEX, and the image
 * of the FPU's state. All others of these instructions are the processor's.
 *
 * Intel SDM, "Exception Specifications of VEX Instructions"; "FXSAVE".
 */
#include "arch/x86/emulate/execute.h"

#define VECTOR		32	/* bytes, of a whole register */
#define XMM		16
#define HALF		8
#define MXCSR		24	/* in the image */
#define MXCSR_MASK	28

/* What is not merged has zeros beside it, up to what VEX clears or keeps. */
static void set_vector(struct nacre_emulator *e, u8 number, const u8 *data,
		       u8 at, u8 size, bool merge)
{
	u8 vector[VECTOR];

	if (stopped(e))
		return;
	e->ops->read_vector(e, is_vex(e) && merge ? e->insn->vvvv & 15 :
			    number, vector);
	if (is_vex(e))
		memset(vector + XMM, 0, VECTOR - XMM);
	if (!merge)
		memset(vector, 0, XMM);
	memcpy(vector + at, data, size);
	e->ops->write_vector(e, number, vector);
}

/* VEX.vvvv names a register if something is merged, else none. */
static bool vex_allows(struct nacre_emulator *e, bool merge, bool any_length)
{
	if (is_vex(e) && ((!merge && e->insn->vvvv) ||
			  (!any_length && e->insn->vector_length != XMM)))
		nacre_emu_raise(e, UD, 0);
	return !stopped(e);
}

/* @size bytes of a register go to memory, or come from there. */
static void move(struct nacre_emulator *e, u8 size, u8 at, bool store,
		 bool aligned, bool merge)
{
	u32 how = nacre_emu_how(e);
	u8 data[VECTOR];
	u64 linear;

	linear = nacre_emu_operand(e, size, aligned ? size : 1, store);
	if (store) {
		e->ops->read_vector(e, e->insn->reg, data);
		nacre_emu_put(e, linear, data + at, size, how);
	} else {
		nacre_emu_get(e, linear, data, size, how);
		set_vector(e, e->insn->reg, data, at, size, merge);
	}
}

/* From a register at an offset to one at another. */
static void copy(struct nacre_emulator *e, bool store, u8 at, u8 from_at,
		 u8 size, bool merge)
{
	u8 reg = e->insn->reg, rm = e->insn->rm, data[VECTOR];

	e->ops->read_vector(e, store ? reg : rm, data);
	set_vector(e, store ? rm : reg, data + from_at, at, size, merge);
}

/* MOVUPS, MOVAPS, MOVNTPS, MOVDQA, MOVDQU, MOVNTDQ, LDDQU. */
static void move_whole(struct nacre_emulator *e)
{
	u8 opcode = e->insn->opcode, size = XMM;
	bool load = e->insn->map == NACRE_MAP_0F38 || opcode == 0x10 ||
		    opcode == 0x28 || opcode == 0x6f || opcode == 0xf0;
	bool aligned = (opcode & 0xf0) == 0x20 || opcode == 0xe7 ||
		       ((opcode & 0xef) == 0x6f &&
			e->insn->simd_prefix == NACRE_SIMD_66);

	if (!vex_allows(e, false, true))
		return;
	if (is_vex(e))
		size = e->insn->vector_length;
	if (on_memory(e))
		move(e, size, 0, !load, aligned, false);
	else
		copy(e, !load, 0, 0, size, false);
}

/* MOVSS, MOVSD: only between registers the rest stays. */
static void move_scalar(struct nacre_emulator *e)
{
	u8 size = e->insn->simd_prefix == NACRE_SIMD_F3 ? 4 : 8;
	bool store = e->insn->opcode & 1;

	if (!vex_allows(e, !on_memory(e), true))
		return;
	if (on_memory(e))
		move(e, size, 0, store, false, false);
	else
		copy(e, store, 0, 0, size, true);
}

/* MOVLPS, MOVHPS; with registers MOVHLPS, MOVLHPS. */
static void move_half(struct nacre_emulator *e)
{
	u8 at = e->insn->opcode & 4 ? HALF : 0;
	bool store = e->insn->opcode & 1;

	if (!vex_allows(e, !store, false))
		return;
	if (on_memory(e))
		move(e, HALF, at, store, false, true);
	else
		copy(e, false, at, HALF - at, HALF, true);
}

/* MOVD and MOVQ, with memory or a general register. */
static void move_general(struct nacre_emulator *e)
{
	bool wide = is_64bit(e) && e->insn->rex & NACRE_REX_W;
	u8 size = wide ? 8 : 4, rm = e->insn->rm & 15, data[VECTOR];
	bool store = e->insn->opcode == 0x7e;
	u64 value;

	if (!vex_allows(e, false, false))
		return;
	if (on_memory(e))
		return move(e, size, 0, store, false, false);
	if (!store)
		return set_vector(e, e->insn->reg, (u8 *)&gpr(e)[rm], 0, size,
				  false);
	e->ops->read_vector(e, e->insn->reg, data);
	memcpy(&value, data, sizeof(value));
	set_register(e, rm, size, value);
}

/* MOVQ with memory or a vector register. */
static void move_quad(struct nacre_emulator *e)
{
	bool store = e->insn->opcode == 0xd6;

	if (!vex_allows(e, false, false))
		return;
	if (on_memory(e))
		move(e, HALF, 0, store, false, false);
	else
		copy(e, store, 0, 0, HALF, false);
}

/* FXSAVE, FXRSTOR; of the image as many registers as there are. */
static void fpu_image(struct nacre_emulator *e)
{
	u64 linear = nacre_emu_operand(e, 512, XMM, !extension(e));
	unsigned int size = is_64bit(e) ? 416 : 288;
	u8 image[512];
	u32 mxcsr, mask;

	if (stopped(e))
		return;
	e->ops->read_fpu(e, image);
	if (!extension(e))
		return nacre_emu_put(e, linear, image, size, nacre_emu_how(e));
	memcpy(&mask, image + MXCSR_MASK, 4);
	nacre_emu_get(e, linear, image, size, nacre_emu_how(e));
	memcpy(&mxcsr, image + MXCSR, 4);
	if (mxcsr & ~mask)
		nacre_emu_raise(e, GP, 0);
	if (!stopped(e))
		e->ops->write_fpu(e, image);
}

#define PACKED		(NEED_SSE | VEX_TOO | WITH(NONE) | WITH(66))
#define SCALAR		(NEED_SSE | VEX_TOO | WITH(F3) | WITH(F2))
#define SSE(prefix)	(NEED_SSE | VEX_TOO | WITH(prefix))

const struct nacre_emu_row nacre_emu_vector[] = {
	{ RANGE_0F(0x10, 0x11), ALL, PACKED, move_whole },
	{ RANGE_0F(0x10, 0x11), ALL, SCALAR, move_scalar },
	{ RANGE_0F(0x12, 0x13), ALL, PACKED | ON_MEMORY, move_half },
	{ ONE_0F(0x12), ALL, SSE(NONE) | ON_REGISTER, move_half },
	{ RANGE_0F(0x16, 0x17), ALL, PACKED | ON_MEMORY, move_half },
	{ ONE_0F(0x16), ALL, SSE(NONE) | ON_REGISTER, move_half },
	{ RANGE_0F(0x28, 0x29), ALL, PACKED, move_whole },
	{ ONE_0F(0x2b), ALL, PACKED | ON_MEMORY, move_whole },
	{ ONE_0F(0x6e), ALL, SSE(66), move_general },
	{ ONE_0F(0x6f), ALL, SSE(66) | WITH(F3), move_whole },
	{ ONE_0F(0x7e), ALL, SSE(66), move_general },
	{ ONE_0F(0x7e), ALL, SSE(F3), move_quad },
	{ ONE_0F(0x7f), ALL, SSE(66) | WITH(F3), move_whole },
	{ ONE_0F(0xae), BIT(0) | BIT(1), ON_MEMORY | NEED_X87 | WITH(NONE),
	  fpu_image },
	{ ONE_0F(0xd6), ALL, SSE(66), move_quad },
	{ ONE_0F(0xe7), ALL, SSE(66) | ON_MEMORY, move_whole },
	{ ONE_0F(0xf0), ALL, SSE(F2) | ON_MEMORY, move_whole },
	{ NACRE_MAP_0F38, 0x2a, 0x2a, ALL, SSE(66) | ON_MEMORY, move_whole },
	{}
};
