// SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

int nacre_fail(struct nacre_error *error, int number, const char *format, ...)
{
	va_list args;

	if (!error)
		return -number;
	error->number = number;
	va_start(args, format);
	vsnprintf(error->message, sizeof(error->message), format, args);
	va_end(args);
	return -number;
}

int nacre_fail_errno(struct nacre_error *error, const char *format, ...)
{
	int number = errno;
	size_t used;
	va_list args;

	if (!error)
		return -number;
	error->number = number;
	va_start(args, format);
	vsnprintf(error->message, sizeof(error->message), format, args);
	va_end(args);
	used = strlen(error->message);
	snprintf(error->message + used, sizeof(error->message) - used, ": %s",
		 strerror(number));
	return -number;
}
