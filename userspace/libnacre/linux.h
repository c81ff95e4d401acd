/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Offsets in a bzImage's first sectors and in struct boot_params, in which the
 * setup header is at the same place. All of it is little-endian and unaligned.
 * Source: "The Linux/x86 Boot Protocol", "Zero Page".
 */
#ifndef LIBNACRE_LINUX_H
#define LIBNACRE_LINUX_H

/* The setup header. */
#define HDR_SETUP_SECTS		0x1f1
#define HDR_SYSSIZE		0x1f4
#define HDR_BOOT_FLAG		0x1fe
#define HDR_JUMP_LENGTH		0x201
#define HDR_MAGIC		0x202
#define HDR_VERSION		0x206
#define HDR_TYPE_OF_LOADER	0x210
#define HDR_LOADFLAGS		0x211
#define HDR_RAMDISK_IMAGE	0x218
#define HDR_RAMDISK_SIZE	0x21c
#define HDR_CMD_LINE_PTR	0x228
#define HDR_INITRD_ADDR_MAX	0x22c
#define HDR_KERNEL_ALIGNMENT	0x230
#define HDR_RELOCATABLE		0x234
#define HDR_XLOADFLAGS		0x236
#define HDR_CMDLINE_SIZE	0x238
#define HDR_SETUP_DATA		0x250
#define HDR_PREF_ADDRESS	0x258
#define HDR_INIT_SIZE		0x260
/* Behind the last member of version 2.12. */
#define HDR_END_2_12		0x268

#define BOOT_FLAG		0xaa55
#define MAGIC			0x53726448	/* "HdrS" */
#define VERSION_2_12		0x020c
#define LOADED_HIGH		0x01
#define XLF_KERNEL_64		0x0001
#define LOADER_UNDEFINED	0xff
#define SECTOR			512
#define ENTRY_64		0x200

/* What else there is in struct boot_params. */
#define PARAMS_RSDP		0x070
#define PARAMS_E820_ENTRIES	0x1e8
/* Behind the last byte a setup header may have. */
#define PARAMS_HDR_END		0x290
#define PARAMS_E820_TABLE	0x2d0
#define PARAMS_SIZE		0x1000
#define E820_ROW		20

#endif
