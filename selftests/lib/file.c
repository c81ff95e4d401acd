// SPDX-License-Identifier: GPL-2.0
/* Files by which the kernel is told something. */
#include <stdio.h>
#include "vm.h"

bool put_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	bool good = f && fputs(text, f) >= 0;

	if (f)
		good &= fclose(f) == 0;
	return good;
}
