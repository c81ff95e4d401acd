// SPDX-License-Identifier: GPL-2.0
/* pearl: a small virtual machine monitor. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pearl.h"

/* What this machine has; more could not be kept anyway. */
static uint64_t most_memory(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
}

/* One line, whatever stands in the names of files that it quotes. */
static void complain(const char *message)
{
	char line[600], *p;

	snprintf(line, sizeof(line), "%s", message);
	for (p = line; *p; p++)
		if ((unsigned char)*p < ' ' || *p == '\177')
			*p = '?';
	fprintf(stderr, "pearl: %s\n", line);
}

/* What there is to say about an end that has a reason. */
static void tell(int status, const struct nacre_error *error)
{
	if (error->message[0])
		complain(error->message);
	else if (status == PEARL_END_RESET)
		complain("the guest asked for a reset");
	else if (status > PEARL_END_SIGNAL)
		complain(strsignal(status - PEARL_END_SIGNAL));
}

/*
 * What is closed among the standard descriptors would be taken by the next
 * file that is opened.
 */
static int check_descriptors(void)
{
	bool closed[3];
	int fd;

	for (fd = 0; fd < 3; fd++) {
		closed[fd] = fcntl(fd, F_GETFD) < 0;
		if (closed[fd] && open("/dev/null", O_RDWR) != fd)
			return -1;
	}
	if (closed[STDOUT_FILENO])
		complain("standard output is closed");
	else if ((fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY)
		complain("standard output is open for reading only");
	else
		return 0;
	return -1;
}

static int run(const struct pearl_options *options)
{
	struct nacre_error error = { 0 };
	struct pearl_machine *machine;
	int status = PEARL_END_FAILED;

	if (!pearl_machine_create(&machine, options, &error)) {
		status = pearl_run(machine, &error);
		pearl_machine_destroy(machine);
	}
	tell(status, &error);
	return status;
}

static int show(const char *text)
{
	if (fputs(text, stdout) >= 0 && !fflush(stdout))
		return 0;
	perror("pearl: standard output");
	return PEARL_END_FAILED;
}

int main(int argc, char *argv[])
{
	struct pearl_options options;
	struct pearl_usage_error error;

	if (pearl_options_parse(&options, argc, argv, most_memory(), &error)) {
		complain(error.message);
		return PEARL_END_USAGE;
	}
	switch (options.command) {
	case PEARL_HELP:
		return show(pearl_help);
	case PEARL_SHOW_VERSION:
		return show("pearl " PEARL_VERSION "\n");
	default:
		return check_descriptors() ? PEARL_END_FAILED : run(&options);
	}
}
