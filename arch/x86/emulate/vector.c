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
#define FCW		0	/* in the image, as is ... */
#define FSW		2
#define FPU_STATE	24	/* ... what FNINIT resets */
#define MXCSR		24
#define MXCSR_MASK	28

/*
 * @size bytes at @at of a register, which go to the other operand or come from
 * there; between two registers they are at @from in the other one.
 */
struct move {
	u8 size, at, from;
	bool store, aligned;
	bool merge;		/* a load leaves the rest, else makes it zero */
	bool any_length;	/* of VEX; else 128 bits */
};

/* VEX clears the upper half, and merges with the register that it names. */
static void set_vector(struct nacre_emulator *e, const struct move *m,
		       u8 number, const u8 *data)
{
	u8 vector[VECTOR], from = number;

	if (stopped(e))
		return;
	/* 32-bit code has eight registers. */
	if (is_vex(e) && m->merge)
		from = e->insn->vvvv & (is_64bit(e) ? 15 : 7);
	e->ops->read_vector(e, from, vector);
	if (is_vex(e))
		memset(vector + XMM, 0, VECTOR - XMM);
	if (!m->merge)
		memset(vector, 0, XMM);
	memcpy(vector + m->at, data, m->size);
	e->ops->write_vector(e, number, vector);
}

/* VEX.vvvv names a register if something is merged, else none. */
static bool vex_allows(struct nacre_emulator *e, const struct move *m)
{
	return require(e, !is_vex(e) ||
		       ((!e->insn->vvvv || m->merge) && (m->any_length ||
			e->insn->vector_length == XMM)), UD);
}

static void move(struct nacre_emulator *e, struct move m)
{
	u8 reg = e->insn->reg, rm = e->insn->rm, data[VECTOR];
	u64 linear;

	m.merge = m.merge && !(on_memory(e) && m.store);
	if (!vex_allows(e, &m))
		return;
	if (!on_memory(e)) {
		e->ops->read_vector(e, m.store ? reg : rm, data);
		return set_vector(e, &m, m.store ? rm : reg, data + m.from);
	}
	linear = nacre_emu_operand(e, m.size, m.aligned ? m.size : 1, m.store);
	if (m.store) {
		e->ops->read_vector(e, reg, data);
		nacre_emu_put(e, linear, data + m.at, m.size, 0);
	} else {
		nacre_emu_get(e, linear, data, m.size, 0);
		set_vector(e, &m, reg, data);
	}
}

/* MOVUPS, MOVAPS, MOVNTPS, MOVDQA, MOVDQU, MOVNTDQ, LDDQU. */
static void move_whole(struct nacre_emulator *e)
{
	u8 opcode = e->insn->opcode;
	bool load = e->insn->map == NACRE_MAP_0F38 || opcode == 0x10 ||
		    opcode == 0x28 || opcode == 0x6f || opcode == 0xf0;
	bool aligned = (opcode & 0xf0) == 0x20 || opcode == 0xe7 ||
		       ((opcode & 0xef) == 0x6f &&
			e->insn->simd_prefix == NACRE_SIMD_66);

	move(e, (struct move) {
		.size = is_vex(e) ? e->insn->vector_length : XMM,
		.store = !load, .aligned = aligned, .any_length = true,
	});
}

/* MOVSS, MOVSD: only between registers the rest stays. */
static void move_scalar(struct nacre_emulator *e)
{
	move(e, (struct move) {
		.size = e->insn->simd_prefix == NACRE_SIMD_F3 ? 4 : 8,
		.store = e->insn->opcode & 1, .merge = !on_memory(e),
		.any_length = true,
	});
}

/* MOVLPS, MOVHPS; with registers MOVHLPS, MOVLHPS. */
static void move_half(struct nacre_emulator *e)
{
	u8 at = e->insn->opcode & 4 ? HALF : 0;

	move(e, (struct move) {
		.size = HALF, .at = at, .from = HALF - at,
		.store = e->insn->opcode & 1, .merge = true,
	});
}

/* MOVQ with memory or a vector register. */
static void move_quad(struct nacre_emulator *e)
{
	move(e, (struct move) {
		.size = HALF, .store = e->insn->opcode == 0xd6,
	});
}

/* MOVD and MOVQ, with memory or a general register. */
static void move_general(struct nacre_emulator *e)
{
	u64 *rm = &gpr(e)[e->insn->rm & 15], data[VECTOR / 8];
	struct move m = {
		.size = is_64bit(e) && e->insn->rex & NACRE_REX_W ? 8 : 4,
		.store = e->insn->opcode == 0x7e,
	};

	if (on_memory(e))
		return move(e, m);
	if (!vex_allows(e, &m))
		return;
	if (!m.store)
		return set_vector(e, &m, e->insn->reg, (u8 *)rm);
	e->ops->read_vector(e, e->insn->reg, (u8 *)data);
	nacre_set_part(rm, m.size, 0, data[0]);
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
		return nacre_emu_put(e, linear, image, size, 0);
	memcpy(&mask, image + MXCSR_MASK, 4);
	nacre_emu_get(e, linear, image, size, 0);
	memcpy(&mxcsr, image + MXCSR, 4);
	if (mxcsr & ~mask)
		nacre_emu_raise(e, GP, 0);
	if (!stopped(e))
		e->ops->write_fpu(e, image);
}

/* FNSTCW, FNSTSW, FNINIT: a kernel asks by them whether there is an FPU. */
static void ask_fpu(struct nacre_emulator *e)
{
	static const u8 initial[FPU_STATE] = { [FCW] = 0x7f, [FCW + 1] = 3 };
	u8 opcode = e->insn->opcode, at = opcode == 0xd9 ? FCW : FSW, image[512];
	u64 linear = on_memory(e) ? nacre_emu_operand(e, 2, 1, true) : 0;

	if (!on_memory(e) && e->insn->rm != (opcode == 0xdb ? 3 : 0))
		nacre_emu_stop(e, NACRE_EMU_UNKNOWN);
	if (stopped(e))
		return;
	e->ops->read_fpu(e, image);
	if (on_memory(e))
		return nacre_emu_put(e, linear, image + at, 2, 0);
	if (opcode == 0xdf)
		return (void)memcpy(&gpr(e)[RAX], image + at, 2);
	memcpy(image, initial, FPU_STATE);
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
	{ ONE(0xd9), BIT(7), ON_MEMORY | NEED_X87, ask_fpu },
	{ ONE(0xdb), BIT(4), ON_REGISTER | NEED_X87, ask_fpu },
	{ ONE(0xdd), BIT(7), ON_MEMORY | NEED_X87, ask_fpu },
	{ ONE(0xdf), BIT(4), ON_REGISTER | NEED_X87, ask_fpu },
	{ ONE_0F(0xae), BIT(0) | BIT(1), ON_MEMORY | NEED_X87 | WITH(NONE),
	  fpu_image },
	{ ONE_0F(0xd6), ALL, SSE(66), move_quad },
	{ ONE_0F(0xe7), ALL, SSE(66) | ON_MEMORY, move_whole },
	{ ONE_0F(0xf0), ALL, SSE(F2) | ON_MEMORY, move_whole },
	{ NACRE_MAP_0F38, 0x2a, 0x2a, ALL, SSE(66) | ON_MEMORY, move_whole },
	{}
};
