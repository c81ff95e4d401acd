// SPDX-License-Identifier: GPL-2.0
/*
 * Guest code. The 64-bit image is the program itself; the 16- and 32-bit
 * ones are linked programs, turned into ELF64 so that one reader does, and
 * carried in the program.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "vm.h"

/* Absent in a test whose guests are all 64-bit. */
extern const char guest16_elf[] __attribute__((weak));
extern const char guest32_elf[] __attribute__((weak));

static const char *own_file(void)
{
	static const char *file;
	struct stat st;
	int fd;

	if (file)
		return file;
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0 && fstat(fd, &st) == 0);
	file = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK(file != MAP_FAILED);
	close(fd);
	return file;
}

static const char *image_file(enum guest_mode mode)
{
	const char *file = mode == GUEST_64 ? own_file() :
			   mode == GUEST_32 ? guest32_elf : guest16_elf;

	if (!file)
		die("this test has no guest code for mode %d", mode);
	return file;
}

static const Elf64_Shdr *section(const char *file, unsigned int i)
{
	const Elf64_Ehdr *eh = (const void *)file;

	return i < eh->e_shnum ?
	       (const Elf64_Shdr *)(file + eh->e_shoff) + i : NULL;
}

static const Elf64_Sym *find_symbol(const char *file, const char *name)
{
	const Elf64_Shdr *sh;

	for (unsigned int i = 0; (sh = section(file, i)); i++) {
		const Elf64_Sym *sym = (const void *)(file + sh->sh_offset);
		const char *strings;

		if (sh->sh_type != SHT_SYMTAB)
			continue;
		strings = file + section(file, sh->sh_link)->sh_offset;
		for (u64 n = sh->sh_size / sizeof(*sym); n; n--, sym++) {
			if (sym->st_shndx != SHN_UNDEF &&
			    !strcmp(strings + sym->st_name, name))
				return sym;
		}
	}
	return NULL;
}

u64 guest_symbol(enum guest_mode mode, const char *name)
{
	const Elf64_Sym *sym = find_symbol(image_file(mode), name);

	if (!sym)
		die("no guest symbol %s in mode %d", name, mode);
	return sym->st_value;
}

void *guest_var(struct vm *vm, enum guest_mode mode, const char *name)
{
	const Elf64_Sym *sym = find_symbol(image_file(mode), name);

	if (!sym)
		die("no guest variable %s in mode %d", name, mode);
	return gpa_to_hva(vm, sym->st_value, sym->st_size);
}

static void load_blob(struct vm *vm, const char *file)
{
	const Elf64_Shdr *sh;

	for (unsigned int i = 0; (sh = section(file, i)); i++) {
		void *to;

		if (!(sh->sh_flags & SHF_ALLOC) || !sh->sh_size)
			continue;
		to = gpa_to_hva(vm, sh->sh_addr, sh->sh_size);
		if (sh->sh_type == SHT_NOBITS)
			memset(to, 0, sh->sh_size);
		else
			memcpy(to, file + sh->sh_offset, sh->sh_size);
	}
}

/* The program is the first object; its data is taken as it now is. */
static int load_self(struct dl_phdr_info *info, size_t size, void *vm)
{
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const Elf64_Phdr *ph = &info->dlpi_phdr[i];

		if (ph->p_type != PT_LOAD)
			continue;
		memcpy(gpa_to_hva(vm, ph->p_vaddr, ph->p_memsz),
		       (void *)ph->p_vaddr, ph->p_memsz);
	}
	return 1;
}

void vm_load_image(struct vm *vm, enum guest_mode mode)
{
	if (vm->image[mode])
		return;
	vm->image[mode] = true;
	if (mode == GUEST_64)
		dl_iterate_phdr(load_self, vm);
	else
		load_blob(vm, image_file(mode));
}
