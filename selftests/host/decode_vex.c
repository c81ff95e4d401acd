// SPDX-License-Identifier: GPL-2.0
/* VEX and XOP instructions; vector_rows.h. */
#include "host_types.h"

#include "vector_rows.h"

#define LX	(L128 | L256)
#define VK	VEC_K_VVVV
#define RM0	VEC_RM0
#define SIB	VEC_SIB
#define VSIB	(VEC_VSIB | SIB)

static const struct nacre_vector_row vex_0f[] = {
	{ 0x10, 0x11, ALL, WX | PN | P66, RM | LX }, /* vmovupd */
	{ 0x10, 0x11, ALL, WX | PF3 | PF2, RVMx | LX }, /* vmovsd */
	{ 0x12, 0x12, ALL, WX | PN, RVM | L128 }, /* vmovhlps */
	{ 0x12, 0x12, ALL, WX | P66, RVMm | L128 }, /* vmovlpd */
	{ 0x12, 0x12, ALL, WX | PF3 | PF2, RM | LX }, /* vmovddup */
	{ 0x13, 0x13, ALL, WX | PN | P66, RMm | L128 }, /* vmovlpd */
	{ 0x14, 0x15, ALL, WX | PN | P66, RVM | LX }, /* vunpcklpd */
	{ 0x16, 0x16, ALL, WX | PN, RVM | L128 }, /* vmovlhps */
	{ 0x16, 0x16, ALL, WX | P66, RVMm | L128 }, /* vmovhpd */
	{ 0x16, 0x16, ALL, WX | PF3, RM | LX }, /* vmovshdup */
	{ 0x17, 0x17, ALL, WX | PN | P66, RMm | L128 }, /* vmovhpd */
	{ 0x28, 0x29, ALL, WX | PN | P66, RM | LX }, /* vmovapd */
	{ 0x2a, 0x2a, ALL, WX | PF3 | PF2, RVM | LX }, /* vcvtsi2sd */
	{ 0x2b, 0x2b, ALL, WX | PN | P66, RMm | LX }, /* vmovntpd */
	{ 0x2c, 0x2d, ALL, WX | PF3 | PF2, RM | LX }, /* vcvttsd2si */
	{ 0x2e, 0x2f, ALL, WX | PN | P66, RM | LX }, /* vucomisd */
	{ 0x41, 0x42, ALL, WX | PN | P66, RVMr | L256 | KREG | VK }, /* kandb */
	{ 0x44, 0x44, ALL, WX | PN | P66, RMr | L128 | KREG }, /* knotb */
	{ 0x45, 0x47, ALL, WX | PN | P66, RVMr | L256 | KREG | VK }, /* korb */
	{ 0x4a, 0x4a, ALL, WX | PN | P66, RVMr | L256 | KREG | VK }, /* kaddb */
	{ 0x4b, 0x4b, ALL, WX | PN, RVMr | L256 | KREG | VK }, /* kunpckdq */
	{ 0x4b, 0x4b, ALL, W0 | P66, RVMr | L256 | KREG | VK }, /* kunpckbw */
	{ 0x50, 0x50, ALL, WX | PN | P66, RMr | LX }, /* vmovmskpd */
	{ 0x51, 0x51, ALL, WX | PN | P66, RM | LX }, /* vsqrtpd */
	{ 0x51, 0x51, ALL, WX | PF3 | PF2, RVM | LX }, /* vsqrtsd */
	{ 0x52, 0x53, ALL, WX | PN, RM | LX }, /* vrsqrtps */
	{ 0x52, 0x53, ALL, WX | PF3, RVM | LX }, /* vrsqrtss */
	{ 0x54, 0x57, ALL, WX | PN | P66, RVM | LX }, /* vandpd */
	{ 0x58, 0x59, ALL, WX | PX, RVM | LX }, /* vaddpd */
	{ 0x5a, 0x5a, ALL, WX | PN | P66, RM | LX }, /* vcvtpd2ps */
	{ 0x5a, 0x5a, ALL, WX | PF3 | PF2, RVM | LX }, /* vcvtsd2ss */
	{ 0x5b, 0x5b, ALL, WX | PN | P66 | PF3, RM | LX }, /* vcvtdq2ps */
	{ 0x5c, 0x5f, ALL, WX | PX, RVM | LX }, /* vsubpd */
	{ 0x60, 0x6d, ALL, WX | P66, RVM | LX }, /* vpunpcklbw */
	{ 0x6e, 0x6e, ALL, WX | P66, RM | L128 }, /* vmovd */
	{ 0x6f, 0x6f, ALL, WX | P66 | PF3, RM | LX }, /* vmovdqa */
	{ 0x70, 0x70, ALL, WX | P66 | PF3 | PF2, RM | LX }, /* vpshufd */
	{ 0x71, 0x72, 0x54, WX | P66, RVMr | LX }, /* vpsllw */
	{ 0x73, 0x73, 0xcc, WX | P66, RVMr | LX }, /* vpslldq */
	{ 0x74, 0x76, ALL, WX | P66, RVM | LX }, /* vpcmpeqb */
	{ 0x77, 0x77, ALL, WX | PN, RM | LX }, /* vzeroall */
	{ 0x7c, 0x7d, ALL, WX | P66 | PF2, RVM | LX }, /* vhaddpd */
	{ 0x7e, 0x7e, ALL, WX | P66 | PF3, RM | L128 }, /* vmovd */
	{ 0x7f, 0x7f, ALL, WX | P66 | PF3, RM | LX }, /* vmovdqa */
	{ 0x90, 0x90, ALL, WX | PN | P66, RM | L128 | KREG }, /* kmovb */
	{ 0x91, 0x91, ALL, WX | PN | P66, RMm | L128 | KREG }, /* kmovb */
	{ 0x92, 0x92, ALL, W0 | PN | P66, RMr | L128 | KREG }, /* kmovb */
	{ 0x92, 0x92, ALL, WX | PF2, RMr | L128 | KREG }, /* kmovd */
	{ 0x93, 0x93, ALL, W0 | PN | P66, RMr | L128 }, /* kmovb */
	{ 0x93, 0x93, ALL, WX | PF2, RMr | L128 }, /* kmovd */
	{ 0x98, 0x99, ALL, WX | PN | P66, RMr | L128 | KREG }, /* kortestb */
	{ 0xae, 0xae, 0x0c, WX | PN, RMm | L128 }, /* vldmxcsr */
	{ 0xc2, 0xc2, ALL, WX | PX, RVM | LX }, /* vcmppd */
	{ 0xc4, 0xc4, ALL, WX | P66, RVM | L128 }, /* vpinsrw */
	{ 0xc5, 0xc5, ALL, WX | P66, RMr | L128 }, /* vpextrw */
	{ 0xc6, 0xc6, ALL, WX | PN | P66, RVM | LX }, /* vshufpd */
	{ 0xd0, 0xd0, ALL, WX | P66 | PF2, RVM | LX }, /* vaddsubpd */
	{ 0xd1, 0xd5, ALL, WX | P66, RVM | LX }, /* vpsrlw */
	{ 0xd6, 0xd6, ALL, WX | P66, RM | L128 }, /* vmovq */
	{ 0xd7, 0xd7, ALL, WX | P66, RMr | LX }, /* vpmovmskb */
	{ 0xd8, 0xe5, ALL, WX | P66, RVM | LX }, /* vpsubusb */
	{ 0xe6, 0xe6, ALL, WX | P66 | PF3 | PF2, RM | LX }, /* vcvtdq2pd */
	{ 0xe7, 0xe7, ALL, WX | P66, RMm | LX }, /* vmovntdq */
	{ 0xe8, 0xef, ALL, WX | P66, RVM | LX }, /* vpsubsb */
	{ 0xf0, 0xf0, ALL, WX | PF2, RMm | LX }, /* vlddqu */
	{ 0xf1, 0xf6, ALL, WX | P66, RVM | LX }, /* vpsllw */
	{ 0xf7, 0xf7, ALL, WX | P66, RMr | L128 }, /* vmaskmovdqu */
	{ 0xf8, 0xfe, ALL, WX | P66, RVM | LX }, /* vpsubb */
};

static const struct nacre_vector_row vex_0f38[] = {
	{ 0x00, 0x0b, ALL, WX | P66, RVM | LX }, /* vpshufb */
	{ 0x0c, 0x0d, ALL, W0 | P66, RVM | LX }, /* vpermilps */
	{ 0x0e, 0x0f, ALL, W0 | P66, RM | LX }, /* vtestps */
	{ 0x13, 0x13, ALL, W0 | P66, RM | LX }, /* vcvtph2ps */
	{ 0x16, 0x16, ALL, W0 | P66, RVM | L256 }, /* vpermps */
	{ 0x17, 0x17, ALL, WX | P66, RM | LX }, /* vptest */
	{ 0x18, 0x18, ALL, W0 | P66, RM | LX }, /* vbroadcastss */
	{ 0x19, 0x19, ALL, W0 | P66, RM | L256 }, /* vbroadcastsd */
	{ 0x1a, 0x1a, ALL, W0 | P66, RMm | L256 }, /* vbroadcastf128 */
	{ 0x1c, 0x1e, ALL, WX | P66, RM | LX }, /* vpabsb */
	{ 0x20, 0x25, ALL, WX | P66, RM | LX }, /* vpmovsxbw */
	{ 0x28, 0x29, ALL, WX | P66, RVM | LX }, /* vpmuldq */
	{ 0x2a, 0x2a, ALL, WX | P66, RMm | LX }, /* vmovntdqa */
	{ 0x2b, 0x2b, ALL, WX | P66, RVM | LX }, /* vpackusdw */
	{ 0x2c, 0x2f, ALL, W0 | P66, RVMm | LX }, /* vmaskmovps */
	{ 0x30, 0x35, ALL, WX | P66, RM | LX }, /* vpmovzxbw */
	{ 0x36, 0x36, ALL, W0 | P66, RVM | L256 }, /* vpermd */
	{ 0x37, 0x40, ALL, WX | P66, RVM | LX }, /* vpcmpgtq */
	{ 0x41, 0x41, ALL, WX | P66, RM | L128 }, /* vphminposuw */
	{ 0x45, 0x45, ALL, WX | P66, RVM | LX }, /* vpsrlvd */
	{ 0x46, 0x46, ALL, W0 | P66, RVM | LX }, /* vpsravd */
	{ 0x47, 0x47, ALL, WX | P66, RVM | LX }, /* vpsllvd */
	{ 0x49, 0x49, 0x01, W0 | PN, RM | L128 | ONLY64 | RM0 },
	{ 0x49, 0x49, 0x01, W0 | P66, RMm | L128 | ONLY64 }, /* sttilecfg */
	{ 0x49, 0x49, ALL, W0 | PF2, RMr | L128 | KREG | ONLY64 | RM0 },
	{ 0x4b, 0x4b, ALL, W0 | P66 | PF3 | PF2,
	  RMm | L128 | KREG | ONLY64 | SIB }, /* tileloadd */
	{ 0x50, 0x53, ALL, W0 | P66, RVM | LX }, /* vpdpbusd */
	{ 0x58, 0x59, ALL, W0 | P66, RM | LX }, /* vpbroadcastd */
	{ 0x5a, 0x5a, ALL, W0 | P66, RMm | L256 }, /* vbroadcasti128 */
	{ 0x5c, 0x5c, ALL, W0 | PF3,
	  RVMr | L128 | KREG | VK | ONLY64 | DISTINCT },
	{ 0x5e, 0x5e, ALL, W0 | PX,
	  RVMr | L128 | KREG | VK | ONLY64 | DISTINCT },
	{ 0x78, 0x79, ALL, W0 | P66, RM | LX }, /* vpbroadcastb */
	{ 0x8c, 0x8c, ALL, WX | P66, RVMm | LX }, /* vpmaskmovd */
	{ 0x8e, 0x8e, ALL, WX | P66, RVMm | LX }, /* vpmaskmovd */
	{ 0x90, 0x93, ALL, WX | P66, RVMm | LX | VSIB | DISTINCT },
	{ 0x96, 0x9f, ALL, WX | P66, RVM | LX }, /* vfmaddsub132pd */
	{ 0xa6, 0xaf, ALL, WX | P66, RVM | LX }, /* vfmaddsub213pd */
	{ 0xb6, 0xbf, ALL, WX | P66, RVM | LX }, /* vfmaddsub231pd */
	{ 0xcf, 0xcf, ALL, W0 | P66, RVM | LX }, /* vgf2p8mulb */
	{ 0xdb, 0xdb, ALL, WX | P66, RM | L128 }, /* vaesimc */
	{ 0xdc, 0xdf, ALL, WX | P66, RVM | LX }, /* vaesenc */
	{ 0xf2, 0xf2, ALL, WX | PN, RVM | L128 }, /* andn */
	{ 0xf3, 0xf3, 0x0e, WX | PN, RVM | L128 }, /* blsi */
	{ 0xf5, 0xf5, ALL, WX | PN | PF3 | PF2, RVM | L128 }, /* bzhi */
	{ 0xf6, 0xf6, ALL, WX | PF2, RVM | L128 }, /* mulx */
	{ 0xf7, 0xf7, ALL, WX | PX, RVM | L128 }, /* bextr */
};

static const struct nacre_vector_row vex_0f3a[] = {
	{ 0x00, 0x01, ALL, W1 | P66, RM | L256 }, /* vpermq */
	{ 0x02, 0x02, ALL, W0 | P66, RVM | LX }, /* vpblendd */
	{ 0x04, 0x05, ALL, W0 | P66, RM | LX }, /* vpermilps */
	{ 0x06, 0x06, ALL, W0 | P66, RVM | L256 }, /* vperm2f128 */
	{ 0x08, 0x09, ALL, WX | P66, RM | LX }, /* vroundps */
	{ 0x0a, 0x0f, ALL, WX | P66, RVM | LX }, /* vroundss */
	{ 0x14, 0x17, ALL, WX | P66, RM | L128 }, /* vpextrb */
	{ 0x18, 0x18, ALL, W0 | P66, RVM | L256 }, /* vinsertf128 */
	{ 0x19, 0x19, ALL, W0 | P66, RM | L256 }, /* vextractf128 */
	{ 0x1d, 0x1d, ALL, W0 | P66, RM | LX }, /* vcvtps2ph */
	{ 0x20, 0x22, ALL, WX | P66, RVM | L128 }, /* vpinsrb */
	{ 0x30, 0x33, ALL, WX | P66, RMr | L128 | KREG }, /* kshiftrb */
	{ 0x38, 0x38, ALL, W0 | P66, RVM | L256 }, /* vinserti128 */
	{ 0x39, 0x39, ALL, W0 | P66, RM | L256 }, /* vextracti128 */
	{ 0x40, 0x40, ALL, WX | P66, RVM | LX }, /* vdpps */
	{ 0x41, 0x41, ALL, WX | P66, RVM | L128 }, /* vdppd */
	{ 0x42, 0x42, ALL, WX | P66, RVM | LX }, /* vmpsadbw */
	{ 0x44, 0x44, ALL, WX | P66, RVM | LX }, /* vpclmulqdq */
	{ 0x46, 0x46, ALL, W0 | P66, RVM | L256 }, /* vperm2i128 */
	{ 0x48, 0x49, ALL, WX | P66, RVM | LX }, /* vpermil2ps */
	{ 0x4a, 0x4c, ALL, W0 | P66, RVM | LX }, /* vblendvps */
	{ 0x5c, 0x5f, ALL, WX | P66, RVM | LX }, /* vfmaddsubps */
	{ 0x60, 0x63, ALL, WX | P66, RM | L128 }, /* vpcmpestrm */
	{ 0x68, 0x6f, ALL, WX | P66, RVM | LX }, /* vfmaddps */
	{ 0x78, 0x7f, ALL, WX | P66, RVM | LX }, /* vfnmaddps */
	{ 0xce, 0xcf, ALL, W1 | P66, RVM | LX }, /* vgf2p8affineqb */
	{ 0xdf, 0xdf, ALL, WX | P66, RM | L128 }, /* vaeskeygenassist */
	{ 0xf0, 0xf0, ALL, WX | PF2, RM | L128 }, /* rorx */
};

static const struct nacre_vector_row xop_8[] = {
	{ 0x85, 0x87, ALL, W0 | PN, RVM | L128 }, /* vpmacssww */
	{ 0x8e, 0x8f, ALL, W0 | PN, RVM | L128 }, /* vpmacssdd */
	{ 0x95, 0x97, ALL, W0 | PN, RVM | L128 }, /* vpmacsww */
	{ 0x9e, 0x9f, ALL, W0 | PN, RVM | L128 }, /* vpmacsdd */
	{ 0xa2, 0xa2, ALL, WX | PN, RVM | LX }, /* vpcmov */
	{ 0xa3, 0xa3, ALL, WX | PN, RVM | L128 }, /* vpperm */
	{ 0xa6, 0xa6, ALL, W0 | PN, RVM | L128 }, /* vpmadcsswd */
	{ 0xb6, 0xb6, ALL, W0 | PN, RVM | L128 }, /* vpmadcswd */
	{ 0xc0, 0xc3, ALL, W0 | PN, RM | L128 }, /* vprotb */
	{ 0xcc, 0xcf, ALL, W0 | PN, RVM | L128 }, /* vpcomb */
	{ 0xec, 0xef, ALL, W0 | PN, RVM | L128 }, /* vpcomub */
};

static const struct nacre_vector_row xop_9[] = {
	{ 0x01, 0x01, 0xfe, WX | PN, RVM | L128 }, /* blcfill */
	{ 0x02, 0x02, 0x42, WX | PN, RVM | L128 }, /* blci */
	{ 0x12, 0x12, 0x03, WX | PN, RMr | L128 }, /* llwpcb */
	{ 0x80, 0x81, ALL, W0 | PN, RM | LX }, /* vfrczps */
	{ 0x82, 0x83, ALL, W0 | PN, RM | L128 }, /* vfrczss */
	{ 0x90, 0x9b, ALL, WX | PN, RVM | L128 }, /* vprotb */
	{ 0xc1, 0xc3, ALL, W0 | PN, RM | L128 }, /* vphaddbw */
	{ 0xc6, 0xc7, ALL, W0 | PN, RM | L128 }, /* vphaddwd */
	{ 0xcb, 0xcb, ALL, W0 | PN, RM | L128 }, /* vphadddq */
	{ 0xd1, 0xd3, ALL, W0 | PN, RM | L128 }, /* vphaddubw */
	{ 0xd6, 0xd7, ALL, W0 | PN, RM | L128 }, /* vphadduwd */
	{ 0xdb, 0xdb, ALL, W0 | PN, RM | L128 }, /* vphaddudq */
	{ 0xe1, 0xe3, ALL, W0 | PN, RM | L128 }, /* vphsubbw */
};

static const struct nacre_vector_row xop_a[] = {
	{ 0x10, 0x10, ALL, WX | PN, RM | L128 }, /* bextr */
	{ 0x12, 0x12, 0x03, WX | PN, RVM | L128 }, /* lwpins */
};

#define ROWS(table)	{ table, ARRAY_SIZE(table) }

const struct nacre_vector_map nacre_vex_maps[NACRE_NR_MAPS] = {
	[NACRE_MAP_0F] = ROWS(vex_0f),
	[NACRE_MAP_0F38] = ROWS(vex_0f38),
	[NACRE_MAP_0F3A] = ROWS(vex_0f3a),
	[NACRE_MAP_XOP8] = ROWS(xop_8),
	[NACRE_MAP_XOP9] = ROWS(xop_9),
	[NACRE_MAP_XOPA] = ROWS(xop_a),
};
